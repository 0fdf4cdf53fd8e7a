"""Runs models on data, and compares what comes out."""
