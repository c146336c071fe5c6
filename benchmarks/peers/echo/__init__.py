"""The limit: what the web server alone can do."""
