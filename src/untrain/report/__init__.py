"""Results as people look at them; never imports torch or a method."""
