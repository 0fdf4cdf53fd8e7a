"""Looks for regions of a captured graph that no PT2E quantizer reaches, because torch.export made them graphs."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.fx import GraphModule, Node

from qviz.document.graph import SourceLine
from qviz.document.snapshot import Finding, Level
from qviz.engine.recording.values import attribute
from qviz.engine.why.subgraphs import HIGHER_ORDER, is_autograd_function


def grad_regions(captured: GraphModule) -> list[Node]:
    """Return the calls of regions with another grad mode than the one that was captured under."""
    graphs = [each for each in captured.modules() if isinstance(each, GraphModule)]
    return [
        node for each in graphs for node in each.graph.nodes if node.target is HIGHER_ORDER.wrap_with_set_grad_enabled
    ]


def are_without_gradient(captured: GraphModule) -> bool:
    """Return whether all regions turn the gradient off for what has none: they read buffers and integers alone."""
    calls = [node for node in captured.graph.nodes if node.target is HIGHER_ORDER.wrap_with_set_grad_enabled]
    return all(
        call.args[0] is False and not any(_may_have_gradient(captured, each) for each in call.args) for call in calls
    )


def _may_have_gradient(captured: GraphModule, given: object) -> bool:
    if not isinstance(given, Node):
        return False
    if given.op == "get_attr":
        found = attribute(captured, given)
        return isinstance(found, torch.Tensor) and found.requires_grad
    value = given.meta.get("val")
    return not isinstance(value, torch.Tensor) or value.is_floating_point()


def without_backward(captured: GraphModule) -> Iterator[Finding]:
    """Yield the autograd.Functions whose backward() strict capture left out: no gradient passes them."""
    found = tuple(each.name for each in captured.graph.nodes if is_autograd_function(each))
    if found:
        yield Finding(
            "capture_differs", Level.WARNING, "captured", found, "capture_differs.backward", {"subject": found}
        )


def captured_without_grad(regions: int, line: SourceLine | None, is_of_functions: bool = False) -> Finding:
    """Return that the model was captured under no_grad.

    Args:
        regions: How many graphs of their own a capture with grad makes.
        line: One of the model in the first of them.
        is_of_functions: Whether all are of autograd.Functions, which set the grad mode themselves.
    """
    file = line.file.replace("\\", "/").rpartition("/")[2] if line else ""
    return Finding(
        rule="captured_without_grad",
        level=Level.INFO,
        stage="captured",
        nodes=(),
        code="captured_without_grad.function" if is_of_functions else "captured_without_grad",
        args={"regions": regions, **({"file": file, "line": line.line} if line else {})},
        place=(file,) if line else (),
    )
