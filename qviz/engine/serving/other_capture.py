"""Tries the other way to capture a model whose capture failed: a hint offers only what was tried."""

from __future__ import annotations

import copy
import logging
from weakref import WeakKeyDictionary

import torch
from torch.fx import symbolic_trace
from torch.nn import Module

from qviz.document.flows import FLOWS, Flow, Mode
from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.engine.loading.forward import Arguments, describe, left_out

_OTHER = {Mode.FX: Mode.PT2E, Mode.PT2E: Mode.FX}
_TRIED: WeakKeyDictionary[Module, dict[tuple[Mode, tuple[str, ...]], bool]] = WeakKeyDictionary()
_log = logging.getLogger(__name__)


def other_capture(
    chosen: Flow, model: Module, inputs: Arguments, is_strict: bool = False, of: Module | None = None
) -> dict[str, Json] | None:
    """Return the statement that another way captures the model, as an argument of a hint; None where none does.

    Args:
        chosen: The flow whose capture failed.
        model: The user's; a copy of it is captured.
        inputs: The example call.
        is_strict: Whether the plan asks for strict capture alone.
        of: What `model` is a copy of; several flows may ask for the same one, which is captured once.
    """
    if chosen.mode is Mode.PT2E and is_strict and _tried(Mode.PT2E, model, inputs, of):
        return Said("stop.other.non_strict").as_arg("text")
    wanted = _OTHER.get(chosen.mode)
    same_method = [each for each in FLOWS if each.mode is wanted and each.method is chosen.method]
    if wanted is None or not same_method or not _tried(wanted, model, inputs, of):
        return None
    code = "stop.other.fx" if wanted is Mode.FX else "stop.other.export"
    return Said(code, {}, {"flow": same_method[0].id}).as_arg("text")


def _tried(mode: Mode, model: Module, inputs: Arguments, of: Module | None) -> bool:
    known = _TRIED.setdefault(of, {}) if of is not None else {}
    call = (mode, describe(inputs))
    if call not in known:
        known[call] = _captures(mode, model, inputs)
    return known[call]


def _captures(mode: Mode, model: Module, inputs: Arguments) -> bool:
    try:
        with torch.no_grad():
            copied = copy.deepcopy(model, {id(each): each for each in model.parameters()}).eval()
            if mode is Mode.FX:
                symbolic_trace(copied, concrete_args=left_out(inputs, copied) or None)
            else:
                given = inputs.cloned()
                torch.export.export_for_training(copied, given.args, given.kwargs or None, strict=False)
    except Exception:  # capturing runs the user's forward, which may raise anything
        _log.debug("no other way captures the model", exc_info=True)
        return False
    return True
