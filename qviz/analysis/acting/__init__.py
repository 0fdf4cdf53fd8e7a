"""What a user can do about what is selected: edits of the plan as values, and what they would give."""
