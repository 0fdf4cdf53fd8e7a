"""Asks torch: the only folder that imports it."""
