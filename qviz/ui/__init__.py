"""Shows and listens: the only folder that imports Qt."""
