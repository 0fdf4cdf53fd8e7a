"""Looks on while ``prepare_fx`` works: its own graph before and after fusion, and not a second one made beside it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch.ao.quantization import quantize_fx
from torch.fx import GraphModule

from qviz.engine.flows.job import Job


@contextmanager
def watched(job: Job, on_captured: Callable[[GraphModule], None]) -> Iterator[list[GraphModule]]:
    """Record the stages captured and fused of the ``prepare_fx`` that runs inside.

    torch gives neither of them; it calls ``_fuse_fx`` with the one and goes on with the other. Tracing and
    fusing once more for the sake of looking would cost a tenth of a run, and could differ.

    Args:
        job: What is told of the steps and of the fused graph.
        on_captured: Takes the captured graph, before fusion changes it.

    Yields:
        A list that holds a copy of the fused graph afterwards, for `prepare_fx` changes its own.
    """
    fused_graphs: list[GraphModule] = []
    fuse = quantize_fx._fuse_fx  # noqa: SLF001 - the one place where both graphs pass by

    def fuse_and_tell(model: GraphModule, *args: Any, **kwargs: Any) -> GraphModule:
        if fused_graphs:  # a standalone module inside is prepared by itself
            return fuse(model, *args, **kwargs)
        on_captured(model)
        job.step("fusing")
        fused = fuse(model, *args, **kwargs)
        job.reached("fused", fused)
        fused_graphs.append(GraphModule(fused, copy.deepcopy(fused.graph)))
        job.step("preparing")
        return fused

    quantize_fx._fuse_fx = fuse_and_tell  # noqa: SLF001
    try:
        yield fused_graphs
    finally:
        quantize_fx._fuse_fx = fuse  # noqa: SLF001
