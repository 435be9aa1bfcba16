"""Charts: pure functions from values to Vega-Lite, a file each."""
