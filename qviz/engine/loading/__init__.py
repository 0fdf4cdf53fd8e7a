"""Finds and loads the user's model, inputs, data and functions; the only room that runs their files."""
