"""Results served live on this machine, and only to it; reads files, and writes none."""
