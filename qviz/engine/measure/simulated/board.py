"""Quantizers as switches: which of them round is decided from outside, while a model runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from qviz.engine.loading.kept_state import BufferPlace, buffers_kept, give_back, hold
from qviz.engine.measure.simulated.rounding import Rounding
from qviz.engine.nodes import held_state
from qviz.engine.nodes.held_state import HeldState


class Probe(Protocol):
    """Looks at every place of rounding of a running model, and decides what goes on from there."""

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        """Return what goes on from an activation's quantizer, which is given the values before rounding."""

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return what an operator with quantized weights gives."""


@dataclass
class Board:
    """All switches of one model.

    Attributes:
        on: The indices of the quantizers that round.
        probe: Asked instead, if there is one.
        state: The buffers that calls change: at the end of a run they are given back as they were before it, so that
            every run begins alike.
        attributes: The same of plain attributes: of which model, and what they were.
    """

    on: Set[int] = frozenset()
    probe: Probe | None = None
    state: tuple[BufferPlace, ...] = ()
    attributes: tuple[nn.Module, HeldState] | None = None

    @contextmanager
    def set_to(self, on: Set[int] = frozenset(), probe: Probe | None = None) -> Iterator[None]:
        """Set all switches for a while."""
        before, held = (self.on, self.probe), hold(self.state)
        self.on, self.probe = on, probe
        try:
            yield
        finally:
            self.on, self.probe = before
            give_back(held)
            if self.attributes is not None:
                held_state.put(*self.attributes)

    @contextmanager
    def first_run(self, module: nn.Module) -> Iterator[None]:
        """See which buffers of the model a run changes; this one gives them back, and so does every later one."""
        start = held_state.held(module)
        with buffers_kept(module) as held:
            yield
            self.state = tuple(each.place for each in held if each.is_changed)
        if held_state.changed(module, start):
            self.attributes = module, start
        held_state.put(module, start)


class Switch(nn.Module):
    """Stands where an observer or fake-quant stood.

    Attributes:
        quantizer: Its index; the places of one shared observer have the same.
        path: Where it stands in the model.
        rounding: How it rounds when it is on.
        writes_through: Whether it rounds in place: a later write into a part of what it gives reaches all who read it.
    """

    def __init__(self, board: Board, quantizer: int, path: str, rounding: Rounding) -> None:
        super().__init__()
        self.board, self.quantizer, self.path, self.rounding = board, quantizer, path, rounding
        self.writes_through = False

    def forward(self, values: Any) -> Any:
        """Return the values, rounded if the switch is on."""
        if not isinstance(values, Tensor) or not values.is_floating_point():
            return values
        if self.board.probe is not None:
            return self.board.probe.at_switch(self, values)
        return self.given(values, self.rounding(values)) if self.quantizer in self.board.on else values

    def given(self, values: Tensor, rounded: Tensor) -> Tensor:
        """Return what goes on in place of values: rounded ones, in the memory of these where that matters."""
        if not self.writes_through or torch.is_grad_enabled():
            return rounded
        try:
            return values.copy_(rounded)
        except RuntimeError:  # an expanded tensor has no memory of its own for each element
            return rounded


@dataclass(frozen=True)
class Weight:
    """One weight of an operator: what is put in its place when its quantizer is on.

    Attributes:
        quantizer: Its index.
        owner: The module that holds it, or the fake-quant that rounds it when it runs.
        name: Of the parameter; "" where `owner` is a fake-quant's stand-in.
        rounding: Of the float weight.
    """

    quantizer: int
    owner: nn.Module
    name: str
    rounding: Rounding


class WeightSwitch(nn.Module):
    """Stands where a QAT module's ``weight_fake_quant`` stood, which is given a weight that training scaled."""

    def __init__(self, rounding: Rounding) -> None:
        super().__init__()
        self.rounding, self.is_on = rounding, False
        self.seen: Tensor | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Return the weight, rounded if it is on; keep what it was."""
        self.seen = values.detach()
        return self.rounding(values) if self.is_on else values


@dataclass(eq=False)
class Operator:
    """An operator with weights that are rounded; called in place of its ``forward``.

    Attributes:
        path: Of its module, or the name of its node.
        compute: Its own ``forward``.
        weights: All that are rounded.
        before: Rounds its first input: of a dynamic module, which does so by itself.
        cell: (quantizer, the converted module): of an LSTM or GRU, whose steps round inside a kernel.
    """

    board: Board
    path: str
    compute: Callable[..., Any]
    weights: list[Weight] = field(default_factory=list)
    before: Switch | None = None
    cell: tuple[int, nn.Module] | None = None

    @property
    def quantizers(self) -> tuple[int, ...]:
        """The indices of those whose noise appears at its output."""
        return (*(each.quantizer for each in self.weights), *([self.cell[0]] if self.cell else []))

    @property
    def output_axis(self) -> int:
        """The axis of a weight whose slices make the output channels: 1 of a transposed convolution, else 0."""
        owner = getattr(self.compute, "__self__", None)
        text = f"{type(owner).__name__ if isinstance(owner, nn.Module) else self.compute}".lower()
        return int("conv" in text and "transpose" in text)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run as the board says."""
        if self.before is not None and args:
            args = (self.before(args[0]), *args[1:])
        if self.board.probe is not None:
            return self.board.probe.at_operator(self, args, kwargs)
        return self.run(self.board.on, args, kwargs)

    def floats(self, args: tuple[Any, ...]) -> list[tuple[int, Rounding, Tensor]]:
        """Return quantizer, rounding and float weight of all that are rounded; it has run on `args`."""
        found = []
        for each in self.weights:
            owner = each.owner
            value = owner.seen if isinstance(owner, WeightSwitch) else owner._parameters[each.name]  # noqa: SLF001
            if value is not None:
                found.append((each.quantizer, each.rounding, value.detach()))
        return found

    def run(self, on: Set[int], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run with these quantizers on."""
        if self.cell is not None and self.cell[0] in on:
            return self.cell[1](*args, **kwargs)
        active = [each for each in self.weights if each.quantizer in on]
        restore = [_put(each) for each in active]
        try:
            return self.compute(*args, **kwargs)
        finally:
            for undo in reversed(restore):
                undo()


def _put(weight: Weight) -> Callable[[], None]:
    """Put the rounded weight in the place of the float one; return what takes it out again."""
    owner, name = weight.owner, weight.name
    if isinstance(owner, WeightSwitch):
        owner.is_on = True
        return lambda: setattr(owner, "is_on", False)
    before = owner._parameters[name]  # noqa: SLF001 - an assignment would register a parameter
    assert before is not None
    owner._parameters[name] = weight.rounding(before)  # type: ignore[assignment] # noqa: SLF001
    _flatten(owner)

    def undo() -> None:
        owner._parameters[name] = before  # noqa: SLF001
        _flatten(owner)

    return undo


def _flatten(owner: nn.Module) -> None:
    """Tell an LSTM or GRU, which keeps a second list of its weights."""
    if isinstance(owner, nn.RNNBase):
        names = owner._flat_weights_names  # noqa: SLF001
        owner._flat_weights = [owner._parameters[each] for each in names]  # noqa: SLF001


class FunctionOperator(nn.Module):
    """A function of a graph whose arguments include weights that are rounded; takes these in float."""

    def __init__(self, board: Board, path: str, target: Callable[..., Any], weights: dict[int, tuple[int, Rounding]]):
        super().__init__()
        self.target, self.slots = target, weights
        self.operator = _RoundsArguments(board, path, target, weights)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run as the board says."""
        return self.operator(*args, **kwargs)


class _RoundsArguments(Operator):
    """Rounds by position."""

    def __init__(
        self, board: Board, path: str, target: Callable[..., Any], slots: dict[int, tuple[int, Rounding]]
    ) -> None:
        super().__init__(board, path, target)
        self.slots = slots

    @property
    def quantizers(self) -> tuple[int, ...]:
        """The indices of the weights' quantizers."""
        return tuple(quantizer for quantizer, _ in self.slots.values())

    def floats(self, args: tuple[Any, ...]) -> list[tuple[int, Rounding, Tensor]]:
        """Return quantizer, rounding and float weight of all that are rounded."""
        return [(quantizer, rounding, args[place].detach()) for place, (quantizer, rounding) in self.slots.items()]

    def run(self, on: Set[int], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run with these quantizers on."""
        given = list(args)
        for place, (quantizer, rounding) in self.slots.items():
            if quantizer in on:
                given[place] = rounding(given[place])
        return self.compute(*given, **kwargs)
