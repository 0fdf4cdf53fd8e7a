"""Tries other ways to go on with a model whose capture failed: a hint offers only what was tried."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch.ao.quantization import quantize_dynamic
from torch.ao.quantization.fx.tracer import QuantizationTracer
from torch.fx import symbolic_trace
from torch.nn import Linear, Module
from torch.nn.modules.conv import _ConvNd

from qviz.document.flows import FLOWS, Flow, Method, Mode
from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.engine.failures import cause_in_words, run_error
from qviz.engine.loading.forward import Arguments, describe, left_out
from qviz.engine.loading.modes import in_eval_mode

_OTHER = {Mode.FX: Mode.PT2E, Mode.PT2E: Mode.FX}
_MODULES = "eager-dynamic"
"""The flow that needs no graph, and data neither."""
_WEIGHTED = (Linear, _ConvNd)
_MOST_LEAVES = 8
_log = logging.getLogger(__name__)


class _Trial(NamedTuple):
    """What came of a trial.

    Attributes:
        works: Whether it came to the end.
        cause: Of its failure in words, as far as it is known.
        leaves: The modules that it did not look into.
    """

    works: bool
    cause: dict[str, Json] | None = None
    leaves: tuple[str, ...] = ()


_Way = Callable[[Module, Arguments], "tuple[str, ...] | None"]
"""Does something with a copy of a model, and returns the modules that it did not look into."""
_KNOWN: WeakKeyDictionary[Module, dict[tuple[_Way, tuple[str, ...]], _Trial]] = WeakKeyDictionary()


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

    def tried(way: _Way) -> _Trial:
        call = (way, describe(inputs))
        if call not in known:
            known[call] = _try(way, model, inputs)
        return known[call]

    if chosen.mode is Mode.PT2E and is_strict and tried(_exported).works:
        return Said("stop.other.non_strict").as_arg("text")
    wanted = _OTHER.get(chosen.mode)
    if wanted is None:
        return None
    same_method = [each for each in FLOWS if each.mode is wanted and each.method is chosen.method]
    other = _traced if wanted is Mode.FX else _exported
    if same_method and tried(other).works:
        code = "stop.other.fx" if wanted is Mode.FX else "stop.other.export"
        part = _in_part(chosen, tried)
        return Said(code, {}, {"flow": same_method[0].id, **({"part": part} if part else {})}).as_arg("text")
    last = _last_resort(chosen, tried)
    if not same_method:
        return last
    args: dict[str, Json] = {"flow": same_method[0].id, "cause": tried(other).cause, "last": last}
    code = "stop.other.fx_stops" if wanted is Mode.FX else "stop.other.export_stops"
    return Said(code, {}, {key: value for key, value in args.items() if value}).as_arg("text")


def _last_resort(chosen: Flow, tried: Callable[[_Way], _Trial]) -> dict[str, Json] | None:
    """Return what can be done where no graph holds all of the model: leave a part out, or quantize its modules."""
    if not chosen.quantizes or chosen.method is Method.WEIGHT_ONLY:
        return None
    if (part := _in_part(chosen, tried)) is not None:
        return part
    return Said("stop.other.modules", {}, {"flow": _MODULES}).as_arg("text") if tried(_by_modules).works else None


def _in_part(chosen: Flow, tried: Callable[[_Way], _Trial]) -> dict[str, Json] | None:
    """Return the modules without which torch.fx traces the model; training swaps what is in them, too."""
    if chosen.mode is not Mode.FX or not chosen.quantizes or chosen.is_training:
        return None
    found = tried(_traced_in_part)
    return Said("stop.other.leaves", {}, {"modules": [*found.leaves]}).as_arg("text") if found.leaves else None


def _try(way: _Way, model: Module, inputs: Arguments) -> _Trial:
    try:
        with torch.no_grad():
            copied = in_eval_mode(copy.deepcopy(model, {id(each): each for each in model.parameters()}))
            leaves = way(copied, inputs.cloned())
    except Exception as error:  # capturing runs the user's forward, which may raise anything
        _log.debug("another way stops, too", exc_info=True)
        return _Trial(False, cause_in_words("capturing", error))
    return _Trial(True, leaves=leaves or ())


def _traced(model: Module, inputs: Arguments) -> None:
    symbolic_trace(model, concrete_args=left_out(inputs, model) or None)


def _traced_in_part(model: Module, inputs: Arguments) -> tuple[str, ...]:
    """Trace without looking into the modules where tracing stops.

    Raises:
        LookupError: Nothing that could be quantized is outside of them.
    """
    leaves: list[str] = []
    while True:
        try:
            graph = QuantizationTracer(leaves, []).trace(model, left_out(inputs, model) or None)
            break
        except Exception as error:
            stop = run_error("capturing", error, (), model).args.get("module")
            if not isinstance(stop, str) or not stop or stop in leaves or len(leaves) >= _MOST_LEAVES:
                raise
            leaves.append(stop)
    called = [model.get_submodule(str(node.target)) for node in graph.nodes if node.op == "call_module"]
    inside = {id(model.get_submodule(each)) for each in leaves}
    if not any(isinstance(each, _WEIGHTED) and id(each) not in inside for each in called):
        raise LookupError("nothing outside has weights")
    return tuple(leaves)


def _exported(model: Module, inputs: Arguments) -> None:
    """Capture without strict, else with it, which follows NumPy: flows try both."""
    try:
        torch.export.export_for_training(model, inputs.args, inputs.kwargs or None, strict=False)
    except Exception:  # capturing runs the user's forward, which may raise anything
        try:
            torch.export.export_for_training(model, inputs.args, inputs.kwargs or None, strict=True)
            return
        except Exception:
            _log.debug("strict capture stops, too", exc_info=True)
        raise


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
