"""Where erased images still are: in files of ours, and what of that can be removed."""
