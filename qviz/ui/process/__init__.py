"""Qt's side of other processes and threads: engines, decoding, letting go of large models."""
