"""Looks on while ``prepare_fx`` works: its own graph before and after fusion, and not a second one made beside it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch.ao.quantization import quantize_fx
from torch.ao.quantization.backend_config import BackendConfig
from torch.fx import GraphModule

from qviz.engine.flows.job import Reporter
from qviz.engine.why.patterns import BACKEND_CONFIG

T = TypeVar("T")


@dataclass
class WatchedFusion(Generic[T]):
    """What was seen of one ``prepare_fx``; None until it has come so far.

    Attributes:
        examined: What looking at the captured graph gave.
        fused: A copy of the fused graph, for `prepare_fx` changes its own.
    """

    examined: T | None = None
    fused: GraphModule | None = None


@contextmanager
def watched(
    reporter: Reporter, examine: Callable[[GraphModule], T], backend_config: BackendConfig | None
) -> Iterator[WatchedFusion[T]]:
    """Record the stages captured and fused of the ``prepare_fx`` that runs inside.

    torch gives neither of them; it calls ``_fuse_fx`` with the one and goes on with the other. Tracing and
    fusing once more for the sake of looking would cost a tenth of a run, and could differ.

    Args:
        reporter: Is told of the steps and of the fused graph.
        examine: Takes the captured graph, before fusion changes it.
        backend_config: By whose patterns it is fused; None is torch's own.
    """
    seen: WatchedFusion[T] = WatchedFusion()
    fuse = quantize_fx._fuse_fx  # noqa: SLF001 - the one place where both graphs pass by

    def fuse_and_tell(model: GraphModule, *args: Any, **kwargs: Any) -> GraphModule:
        if seen.fused is not None:  # a standalone module inside is prepared by itself
            return fuse(model, *args, **kwargs)
        seen.examined = examine(model)
        reporter.started("fusing")
        fused = fuse(model, *args, **kwargs)
        fused.meta[BACKEND_CONFIG] = backend_config
        reporter.reached("fused", fused)
        seen.fused = GraphModule(fused, copy.deepcopy(fused.graph))
        reporter.started("preparing")
        return fused

    quantize_fx._fuse_fx = fuse_and_tell  # noqa: SLF001
    try:
        yield seen
    finally:
        quantize_fx._fuse_fx = fuse  # noqa: SLF001
