"""Which nodes of one graph are which of another: between stages, runs and results."""
