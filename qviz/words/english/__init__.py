"""The English catalog, the source of all others, by subject."""
