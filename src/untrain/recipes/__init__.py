"""Values found by tuning studies, a TOML file each, and how such files are read."""
