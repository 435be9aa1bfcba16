"""From a study file to its runs: read, checked, and laid out in a table."""
