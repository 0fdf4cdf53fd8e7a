"""Trials of `scripts/kill.py`: what is killed, and what has to be there after it."""
