"""The endings of files that hold a model whole.

Apart from the plan: the first paint of the window shows them, and need not wait for all else.
"""

from __future__ import annotations

EXPORTED_PROGRAM = ".pt2"
MODEL_FILES = (EXPORTED_PROGRAM, ".pt", ".pth", ".ckpt", ".bin")
"""Such sources run code when they are opened (docs/contract.md, section 7)."""
