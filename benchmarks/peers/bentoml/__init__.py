"""BentoML, with adaptive batching."""
