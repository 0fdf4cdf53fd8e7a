"""Measures models that run: size, error, time."""
