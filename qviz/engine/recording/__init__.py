"""Turns whole graphs into plain data."""
