"""What every quantizer costs the output: estimated, or one at a time."""
