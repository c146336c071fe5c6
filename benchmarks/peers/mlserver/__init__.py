"""MLServer, with adaptive batching."""
