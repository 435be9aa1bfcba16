"""Hyper-parameters from a tuning study: which, how fairly, and as a recipe."""
