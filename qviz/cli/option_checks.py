"""Refuses options that say nothing about a flow or a source, so that no option is taken in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from qviz.document.flows import FLOWS, Flow, Method, Mode, flow
from qviz.words import mark, tr
from qviz.words.formats import every

_FOR_ALL = ("inputs", "weights", "calibrate", "batch_limit", "random_batches", "seed")
_FOR_SOME = (
    "train",
    "backend",
    "qconfig",
    "backend_config",
    "weight_dtype",
    "quantizer",
    "dynamic_shapes",
    "fold_quantize",
    "strict",
    "reference",
    "lower",
    "fake",
)
"""Choices that say nothing about some flows; which, the flows know."""
_FOR_EXACT = ("workers", "executor", "at_most")
_FOR_MEASURING = ("evaluate", "metric", "measure", "exact", *_FOR_EXACT)
"""Choices that say nothing about flows that leave all in float."""
CHOICES = (*_FOR_ALL, *_FOR_SOME, *_FOR_MEASURING)
"""The fields of a plan that have an option of their own, as the option calls them."""
_UNTOUCHED = {"inputs": (), "reference": False, "lower": False, "fake": False, "seed": 0, "exact": False}
"""What a choice is if nobody says anything; None for the others."""
_OF_MODE = {Mode.EAGER: mark("eager flows"), Mode.FX: mark("FX flows"), Mode.PT2E: mark("PT2E flows")}
_OF_METHOD = {
    Method.STATIC: mark("static flows"),
    Method.DYNAMIC: mark("dynamic flows"),
    Method.WEIGHT_ONLY: mark("weight-only flows"),
    Method.QAT: mark("QAT flows"),
    Method.FUSION: mark("fusion flows"),
}
_OPTION_NAMES = {"inputs": "input", "batch_limit": "batches", "fold_quantize": "fold"}


def touched(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices that somebody made."""
    return {name: value for name, value in chosen.items() if value != _UNTOUCHED.get(name)}


def refuse_unfit(given: Iterable[str], flows: tuple[str, ...]) -> None:
    """Refuse a choice that says nothing about any of the flows.

    Raises:
        click.UsageError: There is one.
    """
    for name in given:
        if any(_fits(name, each) for each in flows or (None,)):
            continue
        if not flows:
            raise click.UsageError(tr("--{option} needs a --flow", option=_option(name)))
        raise click.UsageError(tr("--{option} is for {flows}", option=_option(name), flows=_fitting(name)))


def refuse_all(given: Iterable[str], result: str | None) -> None:
    """Refuse every choice: there is no source, or it is a result, which nothing is run for.

    Raises:
        click.UsageError: Something was chosen.
    """
    for name in given:
        option = _option(name)
        if result is None:
            raise click.UsageError(tr("--{option} needs a SOURCE", option=option))
        text = tr("--{option} does not apply to {result}, which is already a result", option=option, result=result)
        raise click.UsageError(text)


def refuse_unmeasured(given: Mapping[str, Any]) -> None:
    """Refuse what says how to measure beside what says not to.

    Raises:
        click.UsageError: Both were chosen.
    """
    if given.get("measure") is False:
        for name in ("evaluate", "metric", "exact", *_FOR_EXACT):
            if name in given:
                raise click.UsageError(tr("--{option} and --no-measure exclude each other", option=_option(name)))


def refuse_inexact(given: Iterable[str], is_exact: bool) -> None:
    """Refuse what says how to measure one quantizer at a time where they are estimated.

    Raises:
        click.UsageError: There is one.
    """
    for name in given:
        if name in _FOR_EXACT and not is_exact:
            raise click.UsageError(tr("--{option} needs --exact", option=_option(name)))


def _fits(name: str, flow_id: str | None) -> bool:
    """Tell whether a choice says something about a flow."""
    chosen = flow(flow_id)
    return name in _FOR_ALL or (chosen is not None and _takes(chosen, name))


def _takes(chosen: Flow, name: str) -> bool:
    return chosen.quantizes if name in _FOR_MEASURING else chosen.takes(name)


def _fitting(name: str) -> str:
    """Return the flows that take a choice, in short: whole methods or modes, what is left of a mode by its ids."""
    taking = [each for each in FLOWS if _takes(each, name)]
    methods = {each.method for each in taking}
    if len(methods) == 1 and all(each in taking for each in FLOWS if each.method in methods):
        return every(tr(_OF_METHOD[each]) for each in methods)
    parts = []
    for mode in Mode:
        inside = [each.id for each in taking if each.mode is mode]
        outside = [each.id for each in FLOWS if each.mode is mode and each.id not in inside]
        if not inside or len(outside) > 1:
            parts += inside
        elif outside:
            parts.append(tr("{flows} except {flow_id}", flows=tr(_OF_MODE[mode]), flow_id=outside[0]))
        else:
            parts.append(tr(_OF_MODE[mode]))
    return every(parts)


def _option(name: str) -> str:
    return _OPTION_NAMES.get(name, name.replace("_", "-"))
