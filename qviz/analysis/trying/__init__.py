"""Trying out, on a measured run, what it gives to leave quantizers in float: rows, curve, comparison with runs."""
