"""The Python that reproduces a run with plain torch, without qviz; one file per way to capture."""

from __future__ import annotations


def script(recipe: str, calls: str) -> str:
    """Return the script: the recipe of the model and its data, and the calls of the flow."""
    return f"import torch\n\n{recipe}\n{calls}"
