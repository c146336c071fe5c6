"""LitServe, with batching."""
