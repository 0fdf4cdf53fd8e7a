"""One file per way to capture; one function per step."""
