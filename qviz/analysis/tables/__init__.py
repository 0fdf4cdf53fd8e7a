"""Tables and key figures of a run, as values: what the window lists, sorts, filters and copies."""
