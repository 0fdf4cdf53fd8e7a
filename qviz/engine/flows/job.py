"""What a flow is given and what it tells while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import torch
from torch.fx import GraphModule
from torch.nn import Module

from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level
from qviz.engine.configuration.eager import Configured
from qviz.engine.configuration.fx import FxConfiguration
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.written import Written

Capture: TypeAlias = Literal["torch.fx", "strict export", "non-strict export", "exported program"]


@dataclass
class Job:
    """One flow on one model.

    Attributes:
        model: A copy, in the mode that the flow needs; the flow may change it.
        inputs: The example call of ``forward``.
        batches: What to calibrate with.
        started: Called with the name of each step, and how much of it is done.
        reached: Called with the name and graph of each stage, before torch changes it further.
        found: Called with each finding.
        training: The user's training, given the prepared model; None demonstrates.
        captured_by: What made the graph; for the script that does it again.
        quantizer: Of a PT2E flow, once it is made; for the script too.
        dynamic_shapes: What ``torch.export.export`` was given, if anything; for the script too.
        eager: Of an eager flow, once it is configured; for the script too.
        fx: Of an FX flow, once it is made; for the script too.
        fuser: Of an eager flow, if the user has one of his own; for the script too.
        graph_of: Draws a prepared module that is no GraphModule itself.
        configured: What the flow chose for itself, for the record of the run.
    """

    plan: Plan
    model: Module
    inputs: Arguments
    batches: Iterable[Arguments]
    started: Callable[[str, int, int], None]
    reached: Callable[[str, GraphModule], None]
    found: Callable[[Finding], None]
    training: Written | None = None
    captured_by: Capture = "torch.fx"
    quantizer: Written | None = None
    dynamic_shapes: Written | None = None
    fuser: Written | None = None
    fx: FxConfiguration | None = None
    eager: Configured | None = None
    graph_of: Callable[[Any], GraphModule] = lambda module: module
    configured: dict[str, Json] = field(default_factory=dict)

    def step(self, name: str) -> None:
        """Say that a step begins."""
        self.started(name, 0, 0)

    def calibrate(self, prepared: Module) -> None:
        """Run all batches through the observers; the prepared stage is recorded after, with their ranges."""
        total = len(self.batches) if isinstance(self.batches, Sized) else 0
        self.started("calibrating", 0, total)
        try:
            with torch.no_grad():
                for done, batch in enumerate(self.batches, 1):
                    batch.call(prepared)
                    self.started("calibrating", done, total)
        finally:
            self.reached("prepared", self.graph_of(prepared))

    def train(self, prepared: Module) -> None:
        """Train through the fake-quants; the prepared stage is recorded after.

        Without a training of the user's own it is one forward pass in training mode, which sets the
        ranges and shows what training would see, no more.
        """
        self.step("training")
        try:
            if self.training is not None:
                self.training.value(prepared)
            else:
                self.found(_only_demonstrated())
                self.inputs.call(prepared)
        finally:
            self.reached("prepared", self.graph_of(prepared))

    def prepared(self, prepared: Module) -> None:
        """Record the prepared stage of a flow that neither calibrates nor trains."""
        self.reached("prepared", self.graph_of(prepared))


def _only_demonstrated() -> Finding:
    return Finding("training_demonstrated", Level.INFO, "prepared", (), "training_demonstrated")
