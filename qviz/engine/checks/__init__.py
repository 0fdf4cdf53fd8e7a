"""Looks for what torch does without a word."""
