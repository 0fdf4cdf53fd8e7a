"""What the models of a run give on the same data, and where they first part."""
