"""Runs a graph once and keeps what its nodes gave, so that a change runs again only what it reaches."""

from __future__ import annotations

import heapq
from collections.abc import Set
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.fx import Node
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.running.outputs import Outputs, outputs_of
from qviz.engine.measure.simulated.board import Board
from qviz.engine.measure.simulated.wiring import Wiring

_ASKED = 8
"""Of so many nodes behind a change, one is asked whether it gave the same as before: each takes a tenth of its run."""

KeptValues: TypeAlias = dict[Node, Any]
"""What nodes gave."""


class KeptRun:
    """One batch's run of a graph with some quantizers on, whose values are kept.

    Above a limit of memory only the values that are alive between segments of the graph are kept, and those of one
    segment; those of another are computed again from its start.

    Args:
        wiring: Of the graph.
        batch: What it is called with.
        board: The graph's switches.
        base: The quantizers that are on.
        limit: Bytes that a segment may hold.

    Attributes:
        outputs: What it gave.
        is_sound: Whether no kept value was changed after it was made; else nothing here may be used.
    """

    def __init__(self, wiring: Wiring, batch: Arguments, board: Board, base: Set[int], limit: int) -> None:
        self._wiring, self._board, self._base, self._limit = wiring, board, base, limit
        self._starts: list[tuple[int, KeptValues]] = []
        self.is_sound = True
        owned = (*wiring.module.parameters(), *wiring.module.buffers())
        self._owned = {each.untyped_storage().data_ptr() for each in owned}
        given = iter(batch.cloned().of_graph(wiring.module))
        inputs = {node: next(given) for node in wiring.nodes if node.op == "placeholder"}
        self._values = self._keep(inputs)
        self._loaded = len(self._starts) - 1
        self.outputs = self._named(self._values[wiring.nodes[-1]])

    @property
    def segments(self) -> int:
        """In how many parts values are kept."""
        return len(self._starts)

    @property
    def is_at_end(self) -> bool:
        """Whether the last segment's values are at hand, not those of the first."""
        return self._loaded == len(self._starts) - 1 > 0

    def _keep(self, inputs: KeptValues) -> KeptValues:
        values: KeptValues = dict(inputs)
        self._starts.append((0, dict(inputs)))
        watched, stored, size = _versions(values), set(self._owned), 0
        with self._board.set_to(self._base):
            for place, node in enumerate(self._wiring.nodes):
                if node.op == "placeholder":
                    continue
                if size > self._limit and node.op != "output":
                    self._check(watched)
                    values = {each: value for each, value in values.items() if self._wiring.last_use[each] >= place}
                    self._starts.append((place, dict(values)))
                    watched, stored, size = _versions(values), set(self._owned), 0
                values[node] = self._wiring.run(node, values.__getitem__)
                size += _bytes(values[node], stored)
                if node.op != "get_attr":
                    watched += _versions({node: values[node]})
        self._check(watched)
        return values

    def _check(self, watched: list[tuple[Tensor, int]]) -> None:
        if any(tensor._version != version for tensor, version in watched):  # noqa: SLF001 - autograd's own counter
            self.is_sound = False

    def segment_of(self, place: int) -> int:
        """Return the segment that a node belongs to."""
        if len(self._starts) == 1:
            return 0
        return max(index for index, (start, _) in enumerate(self._starts) if start <= place)

    def _load(self, segment: int) -> None:
        """Have the values of a segment."""
        if segment == self._loaded:
            return
        self._values = {}
        start, alive = self._starts[segment]
        ends = self._starts[segment + 1][0] if segment + 1 < len(self._starts) else len(self._wiring.nodes)
        values = dict(alive)
        with self._board.set_to(self._base):
            for node in self._wiring.nodes[start:ends]:
                if node.op != "placeholder":
                    values[node] = self._wiring.run(node, values.__getitem__)
        self._values, self._loaded = values, segment

    def kept(self, node: Node, segment: int) -> tuple[bool, Any]:
        """Return whether the value of a node is at hand in a segment, and the value."""
        if segment == self._loaded and node in self._values:
            return True, self._values[node]
        alive = self._starts[segment][1]
        if node not in alive and segment + 1 < len(self._starts):
            alive = self._starts[segment + 1][1]
        return node in alive, alive.get(node)

    def rerun(self, on: Set[int], skipped: Set[Node] = frozenset(), changed: Set[int] = frozenset()) -> Outputs:
        """Return the outputs with these quantizers on: runs what depends on those that are not as they were.

        Args:
            on: The quantizers.
            skipped: Switches that stay off all the same.
            changed: Quantizers that round otherwise than they did; only where values are kept in one segment.
        """
        starts = self._starting(on, changed) - {self._wiring.place_of[node] for node in skipped}
        if not starts:
            return self.outputs
        self._load(self.segment_of(min(starts)))
        with self._board.set_to(on):
            found, result = _Suffix(self, self._wiring, on, skipped).run(starts)
        return self._named(result) if found else self.outputs

    def advance(self, on: Set[int]) -> None:
        """Have these quantizers on in what is kept, from now on; only where values are kept in one segment."""
        starts = self._starting(on)
        if starts:
            suffix = _Suffix(self, self._wiring, on, keeps_all=True)
            with self._board.set_to(on):
                suffix.run(starts)
            self._values.update(suffix.new)
            self.outputs = self._named(self._values[self._wiring.nodes[-1]])
        self._base = frozenset(on)

    def _starting(self, on: Set[int], changed: Set[int] = frozenset()) -> set[int]:
        others = (self._base ^ frozenset(on)) | (changed & frozenset(on))
        return {place for quantizer in others for place in self._wiring.places.get(quantizer, ())}

    def _named(self, result: Any) -> Outputs:
        return outputs_of(self._wiring.module.graph.process_outputs(result))


class _Suffix:
    """What a change reaches, running.

    Attributes:
        new: The values that are no longer what they were; those that nobody will read are dropped.
    """

    def __init__(
        self,
        base: KeptRun,
        wiring: Wiring,
        on: Set[int],
        skipped: Set[Node] = frozenset(),
        keeps_all: bool = False,
    ) -> None:
        self._base, self._wiring, self._on, self._skipped, self._keeps_all = base, wiring, on, skipped, keeps_all
        self.new: KeptValues = {}
        self._beside: KeptValues = {}
        self._segment = -1
        self._unasked = 0

    def run(self, starts: Set[int]) -> tuple[bool, Any]:
        """Return whether the output is reached, and what it is given then."""
        waiting, queued = sorted(starts), set(starts)
        while waiting:
            place = heapq.heappop(waiting)
            node = self._wiring.nodes[place]
            self._enter(self._base.segment_of(place))
            value = self._run(node)
            if node.op == "output":
                self.new[node] = value
                return True, value
            if not self._is_kept(place, node, value, place in starts):
                self.new[node] = value
                for reader in self._wiring.readers[place]:
                    if reader not in queued:
                        queued.add(reader)
                        heapq.heappush(waiting, reader)
            for each in () if self._keeps_all else self._wiring.spent.get(place, ()):
                self.new.pop(each, None)
        return False, None

    def _is_kept(self, place: int, node: Node, value: Any, is_start: bool) -> bool:
        """Return whether a value is known to be what it was.

        A change ends mostly where it starts, or nowhere, so that further down one node in `_ASKED` is looked at: a
        no costs time, never a bit. Where a value only passes on a new one, that was asked before.
        """
        given = self._wiring.first_input[place]
        if given is not None and value is self.new.get(given, self):
            return False
        self._unasked += 1
        if not is_start and self._unasked < _ASKED:
            return False
        self._unasked = 0
        known, kept = self._base.kept(node, self._segment)
        return known and is_same(value, kept)

    def _run(self, node: Node) -> Any:
        switch = self._wiring.switch_at[self._wiring.place_of[node]]
        if node in self._skipped or (switch is not None and switch.quantizer not in self._on):
            return self._value(node.all_input_nodes[0])
        return self._wiring.run(node, self._value)

    def _enter(self, segment: int) -> None:
        if segment != self._segment:
            self._segment, self._beside = segment, {}

    def _value(self, node: Node) -> Any:
        if node in self.new:
            return self.new[node]
        if node in self._beside:
            return self._beside[node]
        known, kept = self._base.kept(node, self._segment)
        return kept if known else self._computed(node)

    def _computed(self, wanted: Node) -> Any:
        """Compute what the change does not reach and is not kept, from the start of the segment."""
        missing, look = {wanted}, [wanted]
        while look:
            for each in look.pop().all_input_nodes:
                is_there = each in self.new or each in self._beside or self._base.kept(each, self._segment)[0]
                if not is_there and each not in missing:
                    missing.add(each)
                    look.append(each)
        for each in sorted(missing, key=self._wiring.place_of.__getitem__):
            self._beside[each] = self._run(each)
        return self._beside[wanted]


_BITS = {
    torch.float32: torch.int32,
    torch.float64: torch.int64,
    torch.float16: torch.int16,
    torch.bfloat16: torch.int16,
}


def is_same(one: Any, other: Any) -> bool:
    """Return whether values are equal bit by bit and laid out alike, so that all that follows is the same, too."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    match one:
        case Tensor():
            return _is_same_tensor(one, other)
        case tuple() | list():
            same = len(one) == len(other) and all(map(is_same, one, other))
        case dict():
            same = one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
        case float():
            same = repr(one) == repr(other)  # zero has a sign
        case _:
            same = isinstance(one, (int, str, torch.dtype, torch.device)) and one == other
    return same


def _is_same_tensor(one: Tensor, other: Tensor) -> bool:
    if one.layout is not torch.strided or other.layout is not torch.strided or one.is_quantized or other.is_quantized:
        return False
    if one.dtype is not other.dtype or one.shape != other.shape or one.stride() != other.stride():
        return False
    if one.dtype in _BITS:
        return torch.equal(one.view(_BITS[one.dtype]), other.view(_BITS[other.dtype]))
    return not one.is_complex() and not one.is_floating_point() and torch.equal(one, other)


def _tensors(value: Any) -> list[Tensor]:
    return [each for each in pytree.tree_leaves(value) if isinstance(each, Tensor) and each.layout is torch.strided]


def _versions(values: KeptValues) -> list[tuple[Tensor, int]]:
    made = (value for node, value in values.items() if node.op != "get_attr")
    return [(tensor, tensor._version) for value in made for tensor in _tensors(value)]  # noqa: SLF001


def _bytes(value: Any, stored: set[int]) -> int:
    """Return the bytes of memory that nothing before held."""
    size = 0
    for tensor in _tensors(value):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in stored:
            stored.add(storage.data_ptr())
            size += storage.nbytes()
    return size
