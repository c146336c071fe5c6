"""Carafe itself, with everything on."""
