"""Graphs as boxes and lines: groups, plumbing, folding, captions, the parts around a node."""
