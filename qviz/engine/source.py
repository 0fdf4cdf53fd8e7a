"""Finds and loads a model, its inputs and its calibration data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from torch.nn import Module

from qviz.document.plan import Plan
from qviz.engine.failures import line_of
from qviz.engine.inputs import as_arguments, calibration_batches, read_inputs
from qviz.engine.naming import Name, import_place, look_up, read_name
from qviz.errors import QvizError


@dataclass(frozen=True)
class Loaded:
    """A model with what it is to be run on.

    Attributes:
        module: The user's own object; flows work on copies.
        inputs: One positional argument of ``forward`` each.
        batches: Calibration data as argument tuples; None means the example inputs, once.
        file: The file it came from, if it came from one.
    """

    module: Module
    inputs: tuple[Any, ...]
    batches: Iterable[tuple[Any, ...]] | None = None
    file: str | None = None


def load(plan: Plan) -> Loaded:
    """Load what the plan names; runs the user's code.

    Raises:
        QvizError: Not found, not importable, no model, or no inputs.
    """
    name = read_name(plan.source)
    place = import_place(name)
    found = look_up(place, name, _models_in(place), "model")
    module, given = _make(found, name)
    inputs = read_inputs(plan.inputs, module) if plan.inputs else given
    if inputs is None:
        inputs = _beside(place)
    if inputs is None:
        raise QvizError(
            f"{plan.source} comes without inputs",
            "Give them: --input 1x3x224x224 (one for each argument), or define example_inputs beside the model.",
        )
    batches = calibration_batches(plan.calibrate, place, len(inputs))
    file = Path(name.place).absolute() if name.is_file else None
    return Loaded(module, inputs, batches, str(file) if file and not plan.source.startswith("sample:") else None)


def _models_in(place: ModuleType) -> list[str]:
    return [
        key
        for key, value in vars(place).items()
        if isinstance(value, Module)
        or (isinstance(value, type) and issubclass(value, Module) and value.__module__ == place.__name__)
    ]


def _make(found: Any, name: Name) -> tuple[Module, tuple[Any, ...] | None]:
    if isinstance(found, Module):
        return found, None
    if not callable(found):
        raise QvizError(
            f"{name.place}:{name.attribute} is a {type(found).__name__}, not a model",
            "Name a Module class, an instance, or a function that returns one.",
        )
    try:
        made = found(**(name.arguments or {}))
    except Exception as error:  # the user's code may raise anything
        where = line_of(error)
        at = f" at {where.file}:{where.line}" if where else ""
        raise QvizError(
            f"{name.attribute}() failed: {type(error).__name__}: {error}{at}",
            f"If it takes arguments, write a function without, or give them: {name.attribute}(depth=18).",
        ) from error
    if isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], Module):
        return made[0], as_arguments(made[1])
    if not isinstance(made, Module):
        raise QvizError(
            f"{name.attribute}() returned a {type(made).__name__}, not a model",
            "Return a Module, or a tuple of a Module and its example inputs.",
        )
    return made, None


def _beside(place: ModuleType) -> tuple[Any, ...] | None:
    beside = getattr(place, "example_inputs", None)
    if beside is None:
        return None
    return as_arguments(beside() if callable(beside) else beside)
