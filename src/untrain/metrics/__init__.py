"""Everything measured about a model: pure functions of arrays, in float64."""
