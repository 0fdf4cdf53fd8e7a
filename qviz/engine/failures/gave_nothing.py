"""Finds the observer whose forward() returned nothing, at which what stands behind it stops."""

from __future__ import annotations

import traceback

from torch.ao.quantization.fake_quantize import FakeQuantizeBase
from torch.ao.quantization.observer import ObserverBase
from torch.fx import GraphModule

from qviz.engine.failures.chain import chain
from qviz.engine.failures.lines import generated_node

_HELD = object()


def silent_observer(error: BaseException) -> str | None:
    """Return the class of the observer that gave None to the node that failed; None where there is no such observer.

    A generated forward() sets a value to None behind its last reader, so what a failing node reads is still held.
    """
    for each in chain(error):
        for frame, number in traceback.walk_tb(each.__traceback__):
            node = generated_node(frame, number)
            graph = frame.f_locals.get("self") if node is not None else None
            if node is None or not isinstance(graph, GraphModule):
                continue
            for given in node.all_input_nodes:
                if given.op == "call_module" and frame.f_locals.get(given.name, _HELD) is None:
                    observer = graph.get_submodule(str(given.target))
                    if isinstance(observer, ObserverBase | FakeQuantizeBase):
                        return type(observer).__name__
    return None
