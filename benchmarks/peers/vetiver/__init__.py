"""vetiver's API."""
