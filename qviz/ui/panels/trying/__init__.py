"""The panel that tries out what leaving quantizers in float would give."""
