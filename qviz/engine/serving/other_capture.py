"""Tries the other way to capture a model whose capture failed: a hint offers only what was tried."""

from __future__ import annotations

import copy
import logging

import torch
from torch.fx import symbolic_trace
from torch.nn import Module

from qviz.document.flows import FLOWS, Flow, Mode
from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.engine.loading.forward import Arguments, left_out

_OTHER = {Mode.FX: Mode.PT2E, Mode.PT2E: Mode.FX}
_log = logging.getLogger(__name__)


def other_capture(chosen: Flow, model: Module, inputs: Arguments, is_strict: bool = False) -> dict[str, Json] | None:
    """Return the statement that another way captures the model, as an argument of a hint; None where none does.

    Args:
        chosen: The flow whose capture failed.
        model: The user's; a copy of it is captured.
        inputs: The example call.
        is_strict: Whether the plan asks for strict capture alone.
    """
    if chosen.mode is Mode.PT2E and is_strict and _captures(Mode.PT2E, model, inputs):
        return Said("stop.other.non_strict").as_arg("text")
    wanted = _OTHER.get(chosen.mode)
    same_method = [each for each in FLOWS if each.mode is wanted and each.method is chosen.method]
    if wanted is None or not same_method or not _captures(wanted, model, inputs):
        return None
    code = "stop.other.fx" if wanted is Mode.FX else "stop.other.export"
    return Said(code, {}, {"flow": same_method[0].id}).as_arg("text")


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
