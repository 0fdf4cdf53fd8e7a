"""Looks at a model before a flow begins: has another flow been at it already?"""

from __future__ import annotations

from collections.abc import Iterator

from torch.fx import GraphModule
from torch.nn import Module

from qviz.document.graph import CASTING, WATCHING, Kind
from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.kinds import classify
from qviz.engine.nodes.module_roles import LOW, OBSERVING, is_qat, role_of

_PLACES = 3
"""How many module paths tell one such model from another."""
_DONE = WATCHING | CASTING | {Kind.QUANTIZED_OP}


def quantized_before(model: Module) -> Iterator[Finding]:
    """Yield that a model has observers, casts or quantized operators; nodes are those of its own graph, if any."""
    nodes: tuple[str, ...] = ()
    if isinstance(model, GraphModule):
        nodes = tuple(name for name, kind in classify(model).items() if kind in _DONE)
    found = nodes or tuple(path for path, each in model.named_modules() if path and _is_done(each))
    if found:
        yield Finding(
            rule="applied_twice",
            level=Level.ERROR,
            stage="captured",
            nodes=nodes,
            code="applied_twice",
            roles={"subject": nodes} if nodes else {},
            args={"found": [*found]},
            place=() if nodes else found[:_PLACES],
        )


def _is_done(module: Module) -> bool:
    role = role_of(module)
    return role in OBSERVING or role in LOW or is_qat(module)
