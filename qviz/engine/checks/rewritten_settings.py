"""Finds settings of dropout and batch norms that torch rewrites while an exported model is prepared and trained.

Moving an exported model to training or evaluation replaces each dropout and batch norm by one of a pattern, whose own
numbers stay in the graph: p = 0.5, momentum = 0.1.  The eps of batch norms is told by the rule ``capture_differs``.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from torch.fx import GraphModule, Node

from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.targets import argument, bare_name

_TRAINED = "qviz.moved_to_training"
_SETTINGS = {"dropout": "p", "dropout_": "p", "batch_norm": "momentum"}


class TrainingSettings(NamedTuple):
    """The values of each setting that a graph has."""

    p: frozenset[float]
    momentum: frozenset[float]


def settings_of(captured: GraphModule) -> TrainingSettings:
    """Return what dropouts and batch norms are set to."""
    found: dict[str, set[float]] = {"p": set(), "momentum": set()}
    for _, name, value in _settings(captured):
        found[name].add(value)
    return TrainingSettings(frozenset(found["p"]), frozenset(found["momentum"]))


def watch(prepared: Any) -> None:
    """Remember whether the user's training moves an exported model to training, by its ``train()``."""
    moves = prepared.train.__func__  # allow_exported_model_train_eval binds a function of its own

    def remembering(self: Any, mode: bool = True) -> Any:
        self.meta[_TRAINED] = self.meta.get(_TRAINED, False) or mode
        return moves(self, mode)

    prepared.train = types.MethodType(remembering, prepared)


def rewritten(captured: TrainingSettings, trained_with: TrainingSettings, prepared: GraphModule) -> Iterator[Finding]:
    """Yield what has another value than any of its kind had when it was captured.

    Args:
        captured: Of the graph before preparation.
        trained_with: Of the prepared graph before its training.
        prepared: After that. What ``eval()`` alone has rewritten since then does no harm.
    """
    found: dict[tuple[str, float], list[str]] = {}
    for node, name, value in _settings(prepared):
        counts = prepared.meta.get(_TRAINED, False) or value in getattr(trained_with, name)
        if counts and value not in getattr(captured, name):
            found.setdefault((name, value), []).append(node.name)
    for (name, value), nodes in found.items():
        yield Finding(
            rule="setting_rewritten",
            level=Level.ERROR,
            stage="prepared",
            nodes=tuple(nodes),
            code="setting_rewritten." + ("dropout" if name == "p" else "momentum"),
            roles={"subject": tuple(nodes)},
            args={"now": value, "was": sorted(getattr(captured, name))},
        )


def _settings(graph: GraphModule) -> Iterator[tuple[Node, str, float]]:
    for node in graph.graph.nodes:
        name = _SETTINGS.get(bare_name(node.target)) if node.op == "call_function" else None
        value = argument(node, name) if name is not None else None
        if name is not None and isinstance(value, float):
            yield node, name, value
