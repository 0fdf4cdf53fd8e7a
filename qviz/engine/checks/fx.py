"""Looks in the graph of an FX flow for what torch.fx assumes without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch.fx import GraphModule

from qviz.document.snapshot import Finding, Level


def taken_for_given(captured: GraphModule, left_out: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield arguments that are None in every call, and that the graph works with all the same.

    Args:
        captured: The graph of torch.fx.
        left_out: The arguments that keep their defaults, with these.
    """
    for node in captured.graph.nodes:
        name = str(node.target)
        if node.op == "placeholder" and name in left_out and left_out[name] is None and node.users:
            readers = tuple(user.name for user in node.users)
            yield Finding(
                rule="default_taken_for_given",
                level=Level.WARNING,
                stage="captured",
                nodes=(node.name, *readers),
                code="default_taken_for_given",
                roles={"subject": (node.name,), "readers": readers},
                args={"argument": name},
            )
