"""Images with keys, what to forget, splits, and the batched data path."""
