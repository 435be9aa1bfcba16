"""From encoded images to one array, in memory or on disk."""
