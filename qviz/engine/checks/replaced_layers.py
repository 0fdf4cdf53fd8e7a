"""Finds layers that a train function put in the place of prepared ones: they have no fake-quants."""

from __future__ import annotations

from collections.abc import Mapping

from torch.nn import Module

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.module_roles import OBSERVING, role_of


def rounding_modules(model: Module) -> dict[str, Module]:
    """Return the modules that hold a fake-quant or an observer, by their paths."""
    return {path: each for path, each in model.named_modules() if _rounds(each)}


def replaced_layers(model: Module, before: Mapping[str, Module]) -> Finding | None:
    """Return that other modules, without fake-quants, stand where some were that had them; None where none does.

    Args:
        model: Prepared and trained.
        before: What `rounding_modules` gave before it was trained.
    """
    new = {
        path: each
        for path, each in model.named_modules()
        if path in before and each is not before[path] and not _rounds(each)
    }
    if not new:
        return None
    args: dict[str, Json] = {"modules": [*new], "types": [*dict.fromkeys(type(each).__name__ for each in new.values())]}
    return Finding("training_replaced", Level.ERROR, "prepared", (), "training_replaced", {}, args, tuple(new))


def _rounds(module: Module) -> bool:
    return any(role_of(each) in OBSERVING for each in module.children())
