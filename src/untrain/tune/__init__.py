"""Choosing a checkpoint or hyper-parameters without Retrain, on tune halves only."""
