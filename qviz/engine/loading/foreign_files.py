"""Refuses files of models that are not torch's, and weights without a model, by what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import torch

from qviz.document.plan import Plan
from qviz.document.regular_files import open_regular
from qviz.engine.loading.source import Loaded
from qviz.engine.loading.weights import weights_alone
from qviz.errors import QvizError
from qviz.sources.kinds import FOREIGN_FILES
from qviz.words import tr

_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000
"""What the format of safetensors allows."""


def refuse(plan: Plan) -> Loaded:
    """Say what the file of a plan is, and what to give in its place; nothing of it is run.

    Raises:
        QvizError: Always.
    """
    path = Path(plan.source).expanduser().absolute()
    with open_regular(path) as file:
        if path.suffix == ".safetensors":
            raise _safetensors(path, file)
    raise QvizError(
        tr(
            "{name} is a file of {format}; qviz reads PyTorch models", name=path.name, format=FOREIGN_FILES[path.suffix]
        ),
        tr("Give the PyTorch model that it was made from, as file.py:name."),
    )


def _safetensors(path: Path, file: BinaryIO) -> QvizError:
    """Say which weights a file of safetensors holds; its header is JSON behind its own length."""
    try:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        header = json.loads(file.read(length) if length <= _LONGEST_HEADER else b"")
        held = {key: torch.empty(0) for key in header if key != "__metadata__"}
    except (OSError, TypeError, ValueError, RecursionError) as error:
        return QvizError(
            tr("{name} is damaged, or not a safetensors file: {cause}", name=path.name, cause=error),
            tr("Save or download it again."),
        )
    return weights_alone(path.name, held, f"safetensors.torch.load_file({path.name!r})")
