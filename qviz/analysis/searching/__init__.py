"""Finds nodes by words and fields."""
