"""What other ways to round would give, and which of them repair a plan."""
