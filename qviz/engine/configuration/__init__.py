"""Turns the configuration of a plan into torch's objects, and into the Python that makes them again."""
