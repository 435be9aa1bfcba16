"""Distances between models, and between forgotten and unseen images under one model."""
