"""What qviz looks for in a finished run: one small file per rule."""
