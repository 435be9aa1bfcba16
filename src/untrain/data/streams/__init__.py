"""Epochs of batches: order, augmentation, and images read ahead."""
