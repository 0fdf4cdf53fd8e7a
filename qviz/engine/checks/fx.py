"""Looks in the graph of an FX flow for what torch.fx assumes without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch.fx import GraphModule

from qviz.document.kept import kept_finding
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
            yield kept_finding(
                rule="default_taken_for_given",
                level=Level.WARNING,
                stage="captured",
                nodes=(node.name, *(user.name for user in node.users)),
                message=f"{name} is left out of the inputs, but the graph works with it",
                reason=f"torch.fx follows forward with something that is not None for every argument, so that "
                f"`if {name} is None` goes the other way",
                hint=f"Give {name} as an input, or wrap the model in one without it; PT2E flows follow None.",
            )
