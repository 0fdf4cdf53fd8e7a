"""Finds the user's training for quantization-aware training."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.engine.loading.signatures import refuse_unfit
from qviz.engine.loading.written import Written, beside, users_own
from qviz.errors import QvizError
from qviz.words import tr

BESIDE = "train"
"""The name of a training function next to the model."""


def find_training(plan: Plan, place: ModuleType) -> Written | None:
    """Return the function that trains a prepared model, or None to demonstrate.

    Args:
        plan: ``train`` names ``mod:callable``; without it ``train`` beside the model is taken.
        place: Where the model stands.

    Raises:
        QvizError: It is not there, or cannot be called with a model.
    """
    chosen = flow(plan.flow)
    if chosen is None or not chosen.is_training:
        return None
    if plan.train is None:
        stands_there = getattr(place, BESIDE, None)
        if not callable(stands_there):
            return None
        _refuse_unfit(stands_there, f"{plan.source.partition(':')[0]}:{BESIDE}")
        return beside(BESIDE, stands_there, plan.source)
    found = users_own(plan.train, plan.source, is_called=False)
    if not callable(found.value):
        raise QvizError(
            tr("{spec} is a {type}, not a function", spec=plan.train, type=type(found.value).__name__),
            _hint(),
        )
    _refuse_unfit(found.value, plan.train)
    return found


def given(train: Callable[[Any], object]) -> Written:
    """Return a function of the caller's as a training; the script leaves a place for it.

    Raises:
        QvizError: It does not take a model.
    """
    _refuse_unfit(train, getattr(train, "__name__", type(train).__name__))
    return Written(train, "train", frozenset({f"train = ...  # the {getattr(train, '__name__', 'function')} given"}))


def _refuse_unfit(train: Callable[..., object], spec: str) -> None:
    refuse_unfit(train, ("model",), spec, _hint(), "--train")


def _hint() -> str:
    return tr("Name a function that trains the model it receives: def train(model): ...")
