"""Finds fake-quants that go on observing in a model that was put into eval mode."""

from __future__ import annotations

from collections.abc import Iterator

from torch.ao.quantization import FakeQuantizeBase
from torch.fx import GraphModule

from qviz.document.snapshot import Finding, Level


def observing_in_eval(stage: str, graph: GraphModule) -> Iterator[Finding]:
    """Yield them for a graph in hand: what a flow of qviz converts is not evaluated with observers on.

    Observers without fake-quants are left out: they watch in eval mode because calibration wants that.
    """
    if graph.training:
        return
    found: list[str] = []
    for node in graph.graph.nodes:
        if node.op == "call_module":
            modules = graph.get_submodule(str(node.target)).modules()
            if any(isinstance(each, FakeQuantizeBase) and _observes(each) for each in modules):
                found.append(node.name)
    if found:
        nodes, args = tuple(found), {"count": len(found)}
        yield Finding(
            "observing_in_eval", Level.WARNING, stage, nodes, "observing_in_eval", {"subject": nodes}, {**args}
        )


def _observes(fake_quant: FakeQuantizeBase) -> bool:
    return not fake_quant.training and bool(fake_quant.observer_enabled) and bool(fake_quant.fake_quant_enabled)
