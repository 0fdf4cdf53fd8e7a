"""What goes in and out of an operator: how each tensor is rounded, what was observed, what the rounding costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from qviz.analysis.inspecting.histogram_bars import BarChart, bar_chart, integer_chart
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.document.graph import Kind, Node, NodeId, QParams
from qviz.document.measurements import QuantizerKind, QuantizerNoise
from qviz.document.snapshot import Integers, ObserverFact, StageName

TensorRole: TypeAlias = Literal["input", "weight", "bias", "output"]

MOST_SHOWN = 3
_REACH = 3
"""An output is looked for behind so many operators that share one rounding: convolution, batch norm, relu."""


class TensorColumn(NamedTuple):
    """One tensor of an operator.

    Attributes:
        role: What it is to the operator.
        name: The node that gives it, or the parameter.
        kind: Of the node that rounds it in the stage shown; `Kind.OP` where nothing does.
        place: That node, or the one that gives the tensor.
        dtype: Of the integers, or of the floats.
        params: How it is quantized; None of a float tensor.
        observed: What its observer kept.
        bars: Its histogram; None where none was kept.
        row: What its rounding costs, from the ledger.
        members: The observers that share its range.
    """

    role: TensorRole
    name: str
    kind: Kind
    place: NodePlace | None
    dtype: str
    params: QParams | None = None
    observed: ObserverFact | None = None
    bars: BarChart | None = None
    row: QuantizerNoise | None = None
    members: tuple[NodeId, ...] = ()

    @property
    def is_dynamic(self) -> bool:
        """Whether its scale is computed anew for each batch."""
        return self.row is not None and self.row.kind == "dynamic"


class _Beside(NamedTuple):
    """A tensor beside an operator of the watched stage."""

    role: TensorRole
    source: NodeId
    watcher: NodeId | None


def tensors(run: InspectedRun, place: NodePlace) -> tuple[TensorColumn, ...]:
    """Return the tensors of an operator: inputs, weight, bias, output; of another node the one that it stands for."""
    node = run.node(place)
    if node is None:
        return ()
    if not node.kind.computes:
        return tuple(_own(run, place, node))
    watched = run.watched or place.stage
    ops = run.operators(watched, run.become(place.stage, (place.node,), watched))
    if not ops:
        return tuple(_from_node(run, place, node))
    around = [*_around(run, watched, ops)]
    if not any(each.role == "weight" for each in around) and (inside := _weight_inside(run, place, watched, ops)):
        around.insert(next((i for i, each in enumerate(around) if each.role == "output"), len(around)), inside)
    inputs = sum(each.role == "input" for each in around)
    return tuple(_column(run, place, node, watched, ops, each, inputs) for each in around)


def shown_first(columns: Sequence[TensorColumn]) -> tuple[tuple[TensorColumn, ...], tuple[TensorColumn, ...]]:
    """Return the columns to show and the rest: of many, the input with the worst SQNR, the weight, the output."""
    if len(columns) <= MOST_SHOWN:
        return tuple(columns), ()
    wanted = []
    for role in ("input", "weight", "output"):
        of_role = [each for each in columns if each.role == role]
        if of_role:
            wanted.append(min(of_role, key=_level))
    rest = [each for each in columns if each not in wanted]
    while len(wanted) < MOST_SHOWN and rest:
        wanted.append(rest.pop(0))
    return tuple(each for each in columns if each in wanted), tuple(rest)


def _level(column: TensorColumn) -> float:
    level = column.row.local_db if column.row is not None else None
    return level if isinstance(level, (int, float)) else float("inf")


def _around(run: InspectedRun, stage: StageName, ops: Sequence[NodeId]) -> Iterator[_Beside]:
    """Yield the tensors of some operators that are one: what they read from others, then what they give."""
    index, seen = run.index(stage), set(ops)
    for op in ops:
        for producer in index.producers[op]:
            source = run.source(stage, producer)
            if producer in seen or source in ops:
                continue
            seen.add(producer)
            watcher = producer if index.nodes[producer].kind.watches else None
            role = _role_of(index.nodes[source])
            is_read = watcher is not None or index.nodes[source].kind is not Kind.CONSTANT or role == "weight"
            if is_read:
                yield _Beside(role, source, watcher)
    last = ops[-1]
    for _ in range(_REACH):
        users = index.users[last]
        watcher = next((each for each in users if index.nodes[each].kind.watches), None)
        if watcher is not None or len(users) != 1 or not index.nodes[users[0]].kind.computes:
            yield _Beside("output", last if watcher is not None else ops[-1], watcher)
            return
        if len(index.producers[users[0]]) > 1 or not _follows(index.nodes[users[0]]):
            break
        last = users[0]
    yield _Beside("output", ops[-1], None)


def _follows(node: Node) -> bool:
    from qviz.analysis.regions import FOLLOWER, function_name

    return FOLLOWER.fullmatch(function_name(node)) is not None


def _role_of(source: Node) -> TensorRole:
    if source.kind is not Kind.CONSTANT:
        return "input"
    name = source.target.rpartition(".")[2]
    return "weight" if "weight" in name else "bias" if "bias" in name else "input"


def _weight_inside(run: InspectedRun, place: NodePlace, watched: StageName, ops: Sequence[NodeId]) -> _Beside | None:
    """Return the weight that a module keeps inside, where the ledger or a quantized module knows of one."""
    rows = (row for op in ops for row in run.quantizers_at.get(NodePlace(watched, op), ()))
    has_row = any(row.kind == "weight" for row in rows)
    return _Beside("weight", ops[0], None) if has_row or _params_of(run, place, "weight") is not None else None


def _column(
    run: InspectedRun,
    place: NodePlace,
    node: Node,
    watched: StageName,
    ops: Sequence[NodeId],
    found: _Beside,
    inputs: int,
) -> TensorColumn:
    watcher = None if found.watcher is None else NodePlace(watched, found.watcher)
    fact = run.fact(watcher) if watcher is not None else None
    observed = fact.observer if fact is not None else None
    row = _row(run, watched, ops, found)
    by_observer = _output_of(run.node(watcher)) if watcher is not None else None
    is_alone = found.role != "input" or inputs == 1
    params = _completed(_params_of(run, place, found.role) if is_alone else None, by_observer)
    if row is None and by_observer is None and found.role != "weight" and params is not None and not is_alone:
        params = None
    source = run.index(watched).nodes[found.source]
    bars = bar_chart(observed.histogram if observed is not None else None, params)
    if bars is None and found.role == "weight":
        bars = integer_chart(_integers(run, place), params)
    shown = _here(run, place.stage, watcher or NodePlace(watched, found.source))
    return TensorColumn(
        role=found.role,
        name=_name(source, found),
        kind=_kind(run, place, node, found, params, watcher),
        place=shown,
        dtype=params.dtype if params is not None else _dtype(source),
        params=params,
        observed=observed,
        bars=bars,
        row=row,
        members=run.members(watcher) if watcher is not None else (),
    )


def _integers(run: InspectedRun, place: NodePlace) -> Integers | None:
    """Return the integers of the weight of an operator, from whatever stage has them."""
    for stage, ids in reversed(run.through(place.stage, (place.node,)).items()):
        for each in ids:
            found = run.integers(NodePlace(stage, each)) if run.index(stage).nodes[each].kind.computes else None
            if found is not None:
                return found
    return None


def _name(source: Node, found: _Beside) -> str:
    if found.role in ("weight", "bias"):
        return source.target if source.kind is Kind.CONSTANT else found.role
    return source.target if source.kind is Kind.INPUT else source.id


def _row(run: InspectedRun, watched: StageName, ops: Sequence[NodeId], found: _Beside) -> QuantizerNoise | None:
    wanted: dict[TensorRole, tuple[QuantizerKind, ...]] = {
        "weight": ("weight",),
        "bias": ("bias",),
        "input": ("activation", "dynamic"),
        "output": ("activation",),
    }
    at = [found.watcher] if found.watcher is not None else []
    at += ops if found.role in ("weight", "bias", "input") else []
    for each in at:
        for row in run.quantizers_at.get(NodePlace(watched, each), ()):
            if row.kind in wanted[found.role]:
                return row
    return None


def _params_of(run: InspectedRun, place: NodePlace, role: TensorRole) -> QParams | None:
    """Return how a tensor is quantized: as the node says, else as what it became says."""
    node = run.node(place)
    own = getattr(node.quant, role) if node is not None and node.quant is not None else None
    if own is not None:
        return own if isinstance(own, QParams) else None
    for stage, ids in reversed(run.through(place.stage, (place.node,)).items()):
        for each in ids:
            other = run.node(NodePlace(stage, each))
            if other is not None and other.kind.computes and other.quant is not None:
                found = getattr(other.quant, role)
                if isinstance(found, QParams):
                    return found
    return None


def _output_of(node: Node | None) -> QParams | None:
    return node.quant.output if node is not None and node.quant is not None else None


def _completed(own: QParams | None, observed: QParams | None) -> QParams | None:
    """Return how a tensor is quantized, with the ends of the integers where its observer alone knows them."""
    if own is None or observed is None:
        return own or observed
    if own.quant_min is None and own.scale == observed.scale:
        return msgspec.structs.replace(own, quant_min=observed.quant_min, quant_max=observed.quant_max)
    return own


def _dtype(source: Node) -> str:
    return source.values[0].dtype if source.values else ""


def _kind(
    run: InspectedRun,
    place: NodePlace,
    node: Node,
    found: _Beside,
    params: QParams | None,
    watcher: NodePlace | None,
) -> Kind:
    """Return what rounds a tensor in the stage shown: its observer, a cast, the quantized operator itself."""
    if params is None:
        return Kind.OP
    watching = run.node(watcher) if watcher is not None else None
    is_held = found.role in ("weight", "bias") and (watching is None or place.stage != run.watched)
    if node.kind is Kind.QUANTIZED_OP or is_held:
        return Kind.QUANTIZED_OP
    if place.stage == run.watched and watching is not None:
        return watching.kind
    return Kind.QUANTIZE


def _here(run: InspectedRun, stage: StageName, place: NodePlace) -> NodePlace:
    """Return a node as it is in the stage shown, where it is there at all."""
    if place.stage == stage:
        return place
    became = run.become(place.stage, (place.node,), stage)
    casts = [each for each in became if run.index(stage).nodes[each].kind is Kind.QUANTIZE]
    return NodePlace(stage, (casts or list(became))[0]) if became else place


def _from_node(run: InspectedRun, place: NodePlace, node: Node) -> Iterator[TensorColumn]:
    """Yield what the node alone says of its tensors, where no stage has observers."""
    roles: tuple[TensorRole, ...] = ("input", "weight", "bias", "output")
    for role in roles:
        params = _params_of(run, place, role)
        if params is not None:
            yield TensorColumn(role, role, Kind.QUANTIZED_OP, None, params.dtype, params)


def _own(run: InspectedRun, place: NodePlace, node: Node) -> Iterator[TensorColumn]:
    """Yield the one tensor that an observer, a cast or a constant stands for."""
    params = None
    if node.quant is not None:
        params = node.quant.output or node.quant.input or node.quant.weight
    watcher = place if node.kind.watches else None
    if watcher is None and run.watched is not None:
        there = run.become(place.stage, (place.node,), run.watched)
        known = (NodePlace(run.watched, each) for each in there if run.index(run.watched).nodes[each].kind.watches)
        watcher = next(known, None)
    fact = run.fact(watcher) if watcher is not None else None
    if params is None and fact is None:
        return
    observed = fact.observer if fact is not None else None
    source = run.index(place.stage).nodes[run.source(place.stage, place.node)]
    role = _role_of(source)
    params = _completed(params, _output_of(run.node(watcher)) if watcher is not None else None)
    rows = run.quantizers_at.get(watcher, ()) if watcher is not None else ()
    yield TensorColumn(
        role=role if role != "input" else "output",
        name=source.target if source.kind in (Kind.CONSTANT, Kind.INPUT) else source.id,
        kind=node.kind,
        place=NodePlace(place.stage, source.id),
        dtype=params.dtype if params is not None else _dtype(node),
        params=params,
        observed=observed,
        bars=bar_chart(observed.histogram if observed is not None else None, params),
        row=rows[0] if rows else None,
        members=run.members(watcher) if watcher is not None else (),
    )
