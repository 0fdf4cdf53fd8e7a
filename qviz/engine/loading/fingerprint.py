"""Tells whether another process would load what this one has loaded."""

from __future__ import annotations

import hashlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import torch

from qviz.document.plan import Plan
from qviz.document.writing import digest
from qviz.errors import QvizError
from qviz.sources.kinds import code_file
from qviz.sources.text import read_name
from qviz.version import __version__


def fingerprint(plan: Plan) -> str:
    """Return a hash of the files that a plan names, and of the versions of qviz and torch; runs none of the files.

    What these files import is not among them.
    """
    named = (
        plan.source,
        *plan.inputs,
        *(plan.weights, plan.calibrate, plan.train, plan.evaluate, plan.metric, plan.qconfig, plan.backend_config),
        *(plan.fuser, plan.quantizer, plan.dynamic_shapes),
    )
    whole = hashlib.sha256(f"{__version__} {torch.__version__}".encode())
    for text in named:
        file = None if text is None else _file(text)
        whole.update(f"\0{text}\0{digest(file) if file is not None else ''}".encode())
    return whole.hexdigest()


def _file(text: str) -> Path | None:
    """Return the file that a text of a plan names; None for one that names none, as a shape."""
    for each in (text, text.rpartition("=")[2], code_file(text)):
        if each and (path := Path(each).expanduser()).is_file():
            return path
    try:
        name = read_name(text)
    except QvizError:
        return None
    return Path(name.place) if name.is_file else _module_file(name.place)


def _module_file(dotted: str) -> Path | None:
    """Return the file of a module, without importing the packages that it is in."""
    places: list[str] | None = [str(Path.cwd()), *sys.path]
    parts = dotted.split(".")
    for count in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:count]), places)
        if spec is None:
            return None
        places = None if spec.submodule_search_locations is None else list(spec.submodule_search_locations)
        if count == len(parts):
            return Path(spec.origin) if spec.origin and Path(spec.origin).is_file() else None
        if places is None:
            return None
    return None
