"""Gives the boxes of a view their places; one file per layout engine."""
