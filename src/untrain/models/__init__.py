"""Networks whose one forward returns logits and features."""
