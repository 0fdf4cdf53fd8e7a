"""Reads one node or module of torch: what it calls, what it is for, how it is quantized."""
