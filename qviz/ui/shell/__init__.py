"""The window around the panels: what is open, the bars, the commands, files."""
