"""Pictures from result files alone; never imports torch or a method."""
