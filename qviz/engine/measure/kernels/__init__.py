"""Operators of the converted model that compute something else than the simulated ones."""
