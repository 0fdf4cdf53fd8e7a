"""What a quantized graph is, as plain immutable data: no torch, no Qt."""
