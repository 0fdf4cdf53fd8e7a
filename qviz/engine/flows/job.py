"""What a flow is given and what it tells while it runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.fx import GraphModule
from torch.nn import Module

from qviz.document.flows import Method, flow
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level
from qviz.engine.checks import calibration
from qviz.engine.checks.altering_observers import AlteringObservers
from qviz.engine.checks.finite import data_not_finite
from qviz.engine.checks.replaced_layers import replaced_layers, rounding_modules
from qviz.engine.failures.culprits import note_place
from qviz.engine.flows.in_backward import failing_node
from qviz.engine.flows.results import FlowResult
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.written import Written


class Reporter(Protocol):
    """Whom a flow tells what happens."""

    def started(self, step: str, done: int = 0, total: int = 0) -> None:
        """Take the name of a step that begins, and how much of it is done."""

    def reached(self, stage: str, graph: GraphModule) -> None:
        """Take the graph of a stage, before torch changes it further."""

    def found(self, finding: Finding) -> None:
        """Take a finding."""

    def converting(self, model: Module) -> None:
        """Take the model with its observers, in the mode in which conversion finds it; it is changed next."""

    def converted(self, model: Module) -> None:
        """Take the model that runs in place of the float one: the converted, or the lowered one."""

    def so_far(self, result: FlowResult) -> None:
        """Take what the flow has come to, in case that it stops: its Python is written all the same."""


def _itself(module: Any) -> GraphModule:
    assert isinstance(module, GraphModule)
    return module


@dataclass(frozen=True)
class Job:
    """One flow on one model.

    Attributes:
        model: A copy, in eval mode; the flow may change it.
        inputs: The example call of ``forward``.
        batches: What to calibrate with.
        reporter: Is told of steps, stages and findings.
        training: The user's training, given the prepared model; None demonstrates.
        fake: The mode of the fake tensors that the model is made of; None where it has its weights.
    """

    plan: Plan
    model: Module
    inputs: Arguments
    batches: Iterable[Arguments]
    reporter: Reporter
    training: Written | None = None
    fake: FakeTensorMode | None = None

    def calibrate(self, prepared: Module, graph_of: Callable[[Any], GraphModule] = _itself) -> None:
        """Run all batches through the observers; the prepared stage is recorded after, with their ranges.

        Args:
            prepared: The model with its observers.
            graph_of: Draws one that is not a graph itself.
        """
        if self.fake is not None:  # there is nothing to observe
            self.reporter.reached("prepared", graph_of(prepared))
            return
        chosen = flow(self.plan.flow)
        if isinstance(prepared, GraphModule) and chosen is not None and chosen.method is Method.STATIC:
            for finding in calibration.without_effect(prepared):
                self.reporter.found(finding)
        total = len(self.batches) if isinstance(self.batches, Sized) else 0
        self.reporter.started("calibrating", 0, total)
        at_work: Arguments | None = None
        altering = AlteringObservers(prepared)
        try:
            with torch.no_grad(), altering.watching():
                for done, batch in enumerate(self.batches, 1):
                    at_work = batch
                    batch.cloned().call(prepared)  # forward may work in place
                    self.reporter.started("calibrating", done, total)
                    at_work = None
        finally:
            drawn = graph_of(prepared)
            self.reporter.reached("prepared", drawn)
            for finding in altering.findings(drawn):
                self.reporter.found(finding)
            for finding in data_not_finite(at_work, self.model, drawn) if at_work is not None else ():
                self.reporter.found(finding)

    def train(self, prepared: Module, graph_of: Callable[[Any], GraphModule] = _itself) -> None:
        """Train through the fake-quants; the prepared stage is recorded after.

        Without a training of the user's own it is one forward pass in training mode, which sets the
        ranges and shows what training would see, no more.
        """
        if self.fake is not None:
            self.reporter.reached("prepared", graph_of(prepared))
            return
        self.reporter.started("training")
        altering, stopped = AlteringObservers(prepared), None
        try:
            with altering.watching():
                self._train(prepared)
        except Exception as error:
            stopped = error
            raise
        finally:
            drawn = graph_of(prepared)
            self.reporter.reached("prepared", drawn)
            if stopped is not None and (node := failing_node(stopped, drawn, self.inputs)) is not None:
                note_place(stopped, node)
            for finding in altering.findings(drawn):
                self.reporter.found(finding)

    def _train(self, prepared: Module) -> None:
        if self.training is None:
            self.reporter.found(_only_demonstrated())
            self.inputs.cloned().call(prepared)
            return
        before, kept = _sums(prepared.named_parameters()), _sums(prepared.named_buffers())
        rounding = rounding_modules(prepared)
        self.training.value(prepared)
        if (replaced := replaced_layers(prepared, rounding)) is not None:
            self.reporter.found(replaced)
        if (finding := _wrong_training(prepared, before, kept)) is not None:
            self.reporter.found(finding)

    def prepared(self, prepared: Module) -> None:
        """Record the prepared stage of a flow that neither calibrates nor trains."""
        self.reporter.reached("prepared", _itself(prepared))


_DIVERGED = 100.0
"""Times as large as before all weights together are only after training that does not converge."""


_Sums: TypeAlias = dict[str, tuple[float, float]]
"""Of every tensor its sum and that of its magnitudes."""


def _sums(tensors: Iterable[tuple[str, Tensor]]) -> _Sums:
    """Return of every tensor its sum and that of its magnitudes; a copy would take the memory of a model."""
    found = {}
    for name, each in tensors:
        values = each.detach().double()
        found[name] = (float(values.sum()), float(values.abs().sum()))
    return found


def _wrong_training(model: Module, before: _Sums, kept: _Sums) -> Finding | None:
    """Return that training changed no parameter, or made all of them together larger by orders of magnitude.

    Args:
        model: Prepared and trained.
        before: Its parameters before it was trained.
        kept: Its buffers then: ranges of fake-quants, statistics of batch norms.
    """
    after = _sums(model.named_parameters())
    if after == before and after:
        code = _without_effect(model, repr(kept) == repr(_sums(model.named_buffers())))  # nan is nan there
        return Finding("training_without_effect", Level.INFO, "prepared", (), code)
    small, large = (sum(magnitude for _, magnitude in each.values()) for each in (before, after))
    if small and not large < _DIVERGED * small:
        factor = large / small
        args: dict[str, Json] = {"factor": factor} if math.isfinite(factor) else {}
        return Finding("training_diverged", Level.WARNING, "prepared", (), "training_diverged", {}, args)
    return None


def _without_effect(model: Module, is_untouched: bool) -> str:
    gradients = [each.grad for each in model.parameters() if each.grad is not None]
    if not gradients:
        return "training_without_effect.untouched" if is_untouched else "training_without_effect.no_gradient"
    has_any = any(bool(each.count_nonzero()) for each in gradients)
    return "training_without_effect" if has_any else "training_without_effect.zero_gradient"


def _only_demonstrated() -> Finding:
    return Finding("training_demonstrated", Level.INFO, "prepared", (), "training_demonstrated")
