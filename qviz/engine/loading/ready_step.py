"""One thing that was done to a model before a flow could take it."""

from __future__ import annotations

from typing import NamedTuple

from qviz.document.graph import Json
from qviz.document.said import Said


class ReadyStep(NamedTuple):
    """What was done, in words and as Python.

    Attributes:
        said: An entry ``made_ready.…`` of the catalog.
        python: The statements on ``model``, ``example_inputs`` and ``batches`` that do it; "" if the recipe has them.
    """

    said: Said
    python: str = ""


def step(code: str, python: str = "", **args: Json) -> ReadyStep:
    """Return a step by its code without ``made_ready.``, and what its words need."""
    return ReadyStep(Said(f"made_ready.{code}", {}, args), python)
