"""Reads SOURCE texts, and what a user's file offers, without running anything of it."""
