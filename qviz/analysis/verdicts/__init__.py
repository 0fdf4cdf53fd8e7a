"""What a run came to: precision, coverage, comparison of flows, the verdict of a check."""
