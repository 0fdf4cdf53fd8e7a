"""Tries other ways to go on with a model whose capture failed: a hint offers only what was tried."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch.ao.quantization import quantize_dynamic
from torch.fx import symbolic_trace
from torch.nn import Module

from qviz.document.flows import FLOWS, Flow, Method, Mode
from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.engine.failures import cause_in_words
from qviz.engine.loading.forward import Arguments, describe, left_out

_OTHER = {Mode.FX: Mode.PT2E, Mode.PT2E: Mode.FX}
_MODULES = "eager-dynamic"
"""The flow that needs no graph, and data neither."""
_log = logging.getLogger(__name__)


class _Trial(NamedTuple):
    """What came of a trial: the cause of its failure in words, as far as it is known."""

    works: bool
    cause: dict[str, Json] | None = None


_KNOWN: WeakKeyDictionary[Module, dict[tuple[Mode, tuple[str, ...]], _Trial]] = WeakKeyDictionary()


def other_capture(
    chosen: Flow, model: Module, inputs: Arguments, is_strict: bool = False, of: Module | None = None
) -> dict[str, Json] | None:
    """Return the statement that another way captures the model, else why it does not, and whether modules do.

    Args:
        chosen: The flow whose capture failed.
        model: The user's; a copy of it is captured.
        inputs: The example call.
        is_strict: Whether the plan asks for strict capture alone.
        of: What `model` is a copy of; several flows may ask for the same one, which is captured once.

    Returns:
        An argument of a hint; None where there is no other way.
    """
    known = _KNOWN.setdefault(of, {}) if of is not None else {}

    def tried(mode: Mode) -> _Trial:
        call = (mode, describe(inputs))
        if call not in known:
            known[call] = _try(_TRIALS[mode], model, inputs)
        return known[call]

    if chosen.mode is Mode.PT2E and is_strict and tried(Mode.PT2E).works:
        return Said("stop.other.non_strict").as_arg("text")
    wanted = _OTHER.get(chosen.mode)
    same_method = [each for each in FLOWS if each.mode is wanted and each.method is chosen.method]
    if wanted is None:
        return None
    if same_method and tried(wanted).works:
        code = "stop.other.fx" if wanted is Mode.FX else "stop.other.export"
        return Said(code, {}, {"flow": same_method[0].id}).as_arg("text")
    replaces = chosen.quantizes and chosen.method is not Method.WEIGHT_ONLY and tried(Mode.EAGER).works
    modules = Said("stop.other.modules", {}, {"flow": _MODULES}).as_arg("text") if replaces else None
    if not same_method:
        return modules
    args: dict[str, Json] = {"flow": same_method[0].id, "cause": tried(wanted).cause, "modules": modules}
    code = "stop.other.fx_stops" if wanted is Mode.FX else "stop.other.export_stops"
    return Said(code, {}, {key: value for key, value in args.items() if value}).as_arg("text")


def _try(trial: Callable[[Module, Arguments], None], model: Module, inputs: Arguments) -> _Trial:
    try:
        with torch.no_grad():
            copied = copy.deepcopy(model, {id(each): each for each in model.parameters()}).eval()
            trial(copied, inputs.cloned())
    except Exception as error:  # capturing runs the user's forward, which may raise anything
        _log.debug("another way stops, too", exc_info=True)
        return _Trial(False, cause_in_words("capturing", error))
    return _Trial(True)


def _traced(model: Module, inputs: Arguments) -> None:
    symbolic_trace(model, concrete_args=left_out(inputs, model) or None)


def _exported(model: Module, inputs: Arguments) -> None:
    torch.export.export_for_training(model, inputs.args, inputs.kwargs or None, strict=False)


def _by_modules(model: Module, inputs: Arguments) -> None:
    """Quantize a copy without a graph, and run it.

    Raises:
        LookupError: Nothing in it was replaced.
    """
    before = {id(each) for each in model.modules()}
    converted = quantize_dynamic(model, inplace=True)
    if all(id(each) in before for each in converted.modules()):
        raise LookupError("quantize_dynamic replaces nothing")
    inputs.call(converted)


_TRIALS = {Mode.FX: _traced, Mode.PT2E: _exported, Mode.EAGER: _by_modules}
