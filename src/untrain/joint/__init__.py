"""What is measured of Original, Retrain and methods together, so that they share one picture."""
