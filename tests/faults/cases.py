"""How a case of the corpus is run: one small model or configuration with one fault, and what names it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.loading.training import given
from qviz.engine.serving.run import run_loaded

IMAGE, ROW = (2, 4, 8, 8), (8, 8)
GIVEN = str(Path(__file__).with_name("given.py"))
"""Where a plan finds what users write themselves."""
STUBS = {"quant": QuantStub, "dequant": DeQuantStub}


@dataclass(frozen=True)
class Case:
    """One fault.

    Attributes:
        name: Of the test; the letter is that of the pain in the list of what users ask.
        rule: The rule of the first finding.
        nodes: Node ids that the first finding has to name; empty for a fault of the whole configuration.
        run: Gives the result of one run.
    """

    name: str
    rule: str
    nodes: tuple[str, ...]
    run: Callable[[], Snapshot]


def ran(
    make: Callable[[], nn.Module],
    flow: str,
    shapes: Iterable[tuple[int, ...]] = (IMAGE,),
    *,
    batches: Callable[[], Iterable[Any]] | None = None,
    train: Callable[[nn.Module], object] | None = None,
    **fields: Any,
) -> Callable[[], Snapshot]:
    """Return a run of a model, made anew with the same weights, on random inputs of these shapes."""

    def run() -> Snapshot:
        torch.manual_seed(0)
        model = make()
        if not isinstance(model, torch.fx.GraphModule):
            model.eval()
        inputs = tuple(torch.randn(shape) for shape in shapes)
        data = [tuple(torch.randn(shape) for shape in shapes) for _ in range(3)] if batches is None else batches()
        loaded = Loaded(model, Arguments(inputs, {}), data, training=given(train) if train else None)
        return run_loaded(loaded, Plan(source="corpus", flow=flow, **fields), lambda _: None)

    return run
