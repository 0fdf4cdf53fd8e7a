"""Reasons about documents: links, groups, folding, findings. No torch, no Qt."""
