"""Studies: whole tables of runs from one file, with nothing computed twice."""
