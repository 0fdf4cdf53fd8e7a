"""Decides what may run: which code a plan names, what it would run, and what the user allowed."""
