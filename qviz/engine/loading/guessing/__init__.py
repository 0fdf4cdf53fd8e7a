"""Finds out what a model is called with: which layer uses an argument first, and which shapes it runs on."""
