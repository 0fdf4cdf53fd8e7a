"""Tells what becomes of the ``qconfig`` attributes that a model came with: only eager mode reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch.ao.quantization.qconfig import qconfig_equals
from torch.nn import Module

from qviz.document.flows import Flow, Mode
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level

_RULE = "own_qconfig"


def own_qconfigs(model: Module) -> dict[str, Any]:
    """Return the qconfigs that modules of a model hold themselves, by their paths."""
    return {path: vars(module)["qconfig"] for path, module in model.named_modules() if "qconfig" in vars(module)}


def without_effect(model: Module, chosen: Flow, usual: Any) -> Iterator[Finding]:
    """Yield the qconfigs that a flow of another mode does not look at.

    Args:
        model: The user's.
        chosen: The flow.
        usual: What it gives every module where the plan has no rules: to hold that too means nothing.
    """
    if chosen.mode is Mode.EAGER or not chosen.quantizes:
        return
    paths = [path for path, each in own_qconfigs(model).items() if not qconfig_equals(each, usual)]
    if paths:
        code = f"{_RULE}.exported" if chosen.mode is Mode.PT2E else f"{_RULE}.traced"
        yield _finding(code, [path or type(model).__name__ for path in paths])


def lost_by_fusion(before: Mapping[str, Any], configured: Module) -> Iterator[Finding]:
    """Yield the modules whose qconfig is gone since they were fused: another module stands in their place.

    Args:
        before: What `own_qconfigs` said before that.
        configured: The fused model, with the qconfigs of the flow.
    """
    after = own_qconfigs(configured)
    lost = [path for path, own in before.items() if path not in after and not qconfig_equals(own, _held(after, path))]
    if lost:
        yield _finding(f"{_RULE}.fused", lost)


def _held(qconfigs: Mapping[str, Any], path: str) -> Any:
    """Return the qconfig that holds for a module without one: that of what is nearest around it."""
    while path and path not in qconfigs:
        path = path.rpartition(".")[0]
    return qconfigs.get(path)


def _finding(code: str, paths: list[str]) -> Finding:
    args: dict[str, Json] = {"modules": [*paths]}
    return Finding(_RULE, Level.WARNING, "captured", (), code, {}, args, tuple(paths))
