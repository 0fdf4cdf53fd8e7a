"""What the rules ask of a run: its stages by what they hold, lookups made once, words about nodes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain

from qviz.analysis.coverage import LowPrecision
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.regions import MOVES, Precision, function_name
from qviz.document.flows import Flow, flow
from qviz.document.graph import CASTING, COMPUTING, WATCHING, Json, Kind, Node, Number, QParams, Why
from qviz.document.query import Index
from qviz.document.snapshot import ObserverFact, Snapshot, Stage
from qviz.words.formats import number

WEIGHTED = re.compile(r"conv(_?transpose)?[123]d|convolution|linear|addmm")
"""Operators with a weight that a batch norm folds into and a relu fuses with."""
BATCH_NORM = re.compile(r"_?(native_|quantized_|cudnn_)?batch_?norm([123]d)?(_legit\w*)?")

JOINS = re.compile(r"cat|concat(enate)?|[hvd]?stack")
"""Operators that join tensors as they are."""


class Evidence:
    """One run, with the questions that several rules ask; public as `qviz.Evidence`.

    A rule is a function that takes the evidence of a run and yields findings. One of a user's own, which
    ``rules = ["checks:large_linear_in_float"]`` of ``[tool.qviz]`` in the project's ``pyproject.toml`` lists::

        from collections.abc import Iterator

        from qviz import Evidence, Finding, Level


        def large_linear_in_float(evidence: Evidence) -> Iterator[Finding]:
            stage = evidence.converted
            if stage is None:  # the run stopped before
                return
            nodes = evidence.index(stage).nodes
            for node_id in evidence.precision.float:
                features = nodes[node_id].attributes.get("in_features", 0)
                if features >= 1024:
                    yield Finding.of(
                        "large_linear_in_float",
                        Level.WARNING,
                        stage.name,
                        [node_id],
                        message=f"{node_id} stays in float with {features} input features",
                        reason="large Linear layers take most of the memory of this model",
                        hint="Add a qconfig for it.",
                    )

    Attributes:
        snapshot: All of it.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._indexes: dict[str, Index] = {}

    def index(self, stage: Stage) -> Index:
        """Return the lookups of a stage's graph."""
        if stage.name not in self._indexes:
            self._indexes[stage.name] = Index(stage.whole)
        return self._indexes[stage.name]

    @cached_property
    def flow(self) -> Flow | None:
        """The flow that ran; None of graphs in hand."""
        return flow(self.snapshot.run.flow)

    @cached_property
    def is_exported(self) -> bool:
        """Whether the graphs hold operators of ATen, with casts around them that stay."""
        stage = self.snapshot.stages[0] if self.snapshot.stages else None
        return stage is not None and any(node.target.startswith("aten.") for node in stage.whole.nodes)

    @cached_property
    def keeps_casts(self) -> bool:
        """Whether operators in low precision are float ones between casts, as in PT2E and the reference."""
        return self.is_exported or (self.converted is not None and self.converted.name == "reference")

    @cached_property
    def captured(self) -> Stage | None:
        """The graph as the model computes it."""
        stages = self.snapshot.stages
        return stages[0] if stages and stages[0].name in ("captured", "fused") else None

    @cached_property
    def prepared(self) -> Stage | None:
        """The last stage with observers that the flow put there."""
        return self._last(WATCHING)

    @cached_property
    def converted(self) -> Stage | None:
        """The stage in which operators have their precision and casts stand apart: converted, else the reference."""
        named = [stage for stage in self.snapshot.stages if stage.name in ("converted", "reference")]
        if named or self.flow is not None:
            return named[-1] if named else None
        last = self._last(CASTING | {Kind.QUANTIZED_OP})
        return last if last is not None and last is self.snapshot.stages[-1] else None

    @cached_property
    def precision(self) -> Precision:
        """Which operators of the converted stage are low, which float."""
        return self.low_precision.operators if self.low_precision is not None else Precision((), ())

    def whys(self, node: Node) -> tuple[Why, ...]:
        """Return the reasons that a node of the converted stage has, there and in the prepared one."""
        # where nothing is observed, too, it tells why
        prepared = next((stage for stage in self.snapshot.stages if stage.name == "prepared"), self.prepared)
        nodes = self.index(prepared).nodes if prepared is not None else {}
        whys = (nodes[each].why for each in self.earlier(prepared, node.id))
        return tuple(why for why in (node.why, *whys) if why is not None)

    def reasons(self, node: Node) -> frozenset[str]:
        """Return the codes of the reasons of a node of the converted stage."""
        return frozenset(why.code for why in self.whys(node))

    def is_told(self, node: Node) -> bool:
        """Return whether others speak of a float node: it was asked for, or torch takes neither its type nor graph."""
        return bool(
            (node.why is not None and node.why.code == "float.in_subgraph")
            or self.asked.intersection(self.earlier(self.prepared, node.id))
            or self.not_replaced.intersection(self.earlier(self.captured, node.id))
        )

    def joins(self, node: Node) -> bool:
        """Return whether an operator joins tensors as they are.

        No quantizer of torch annotates a stack: without an annotation it computes in float as others do.
        """
        name = function_name(node)
        is_float = self.is_exported and name.endswith("stack") and "float.not_annotated" in self.reasons(node)
        return JOINS.fullmatch(name) is not None and not is_float

    @cached_property
    def not_replaced(self) -> frozenset[str]:
        """Nodes of the captured stage that stay in float for the class of their layer, as the engine found."""
        found = (each.nodes for each in self.snapshot.findings if each.rule == "type_not_replaced")
        return frozenset(chain.from_iterable(found))

    @cached_property
    def low_precision(self) -> LowPrecision | None:
        """What became of the float model's operators in the converted stage."""
        run = self.snapshot
        return LowPrecision(run.stages, run.links, run.facts, self.converted) if self.converted is not None else None

    @cached_property
    def links(self) -> LinkIndex:
        """The links of the run."""
        return LinkIndex(self.snapshot.links)

    def earlier(self, stage: Stage | None, node_id: str) -> tuple[str, ...]:
        """Return what a node of the converted stage was in an earlier one, itself first if its name is there."""
        if stage is None or self.converted is None:
            return ()
        nodes = self.index(stage).nodes
        found = self.links.partners(self.converted.name, stage.name, (node_id,))
        return tuple(dict.fromkeys([*((node_id,) if node_id in nodes else ()), *found]))

    @cached_property
    def asked(self) -> frozenset[str]:
        """Nodes of the prepared stage for whose sake an observer is there, as the observers' reasons name them."""
        return self.named_by_observers("asked_by")

    def named_by_observers(self, role: str) -> frozenset[str]:
        """Return the nodes of the prepared stage that have a role in the reasons of its observers."""
        nodes = self.prepared.whole.nodes if self.prepared is not None else ()
        whys = (node.why for node in nodes if node.kind in WATCHING and node.why is not None)
        return frozenset(chain.from_iterable(why.roles.get(role, ()) for why in whys))

    def watched(self) -> Iterator[tuple[Stage, Node, ObserverFact]]:
        """Yield every observer that is a node, with its state."""
        for stage in self.snapshot.stages:
            facts = self.snapshot.facts.get(stage.name, {})
            for node in stage.whole.nodes:
                fact = facts[node.id].observer if node.id in facts else None
                if fact is not None:
                    yield stage, node, fact

    def _last(self, kinds: frozenset[Kind]) -> Stage | None:
        stages = reversed(self.snapshot.stages)
        return next((each for each in stages if any(node.kind in kinds for node in each.whole.nodes)), None)


def is_weighted(node: Node) -> bool:
    """Return whether a node is a convolution or a linear, and no more."""
    return node.kind in COMPUTING and WEIGHTED.fullmatch(function_name(node)) is not None


def is_batch_norm(node: Node) -> bool:
    """Return whether a node is a batch norm, as an operator of its own."""
    return node.kind in COMPUTING and BATCH_NORM.fullmatch(function_name(node)) is not None


def is_move(node: Node) -> bool:
    """Return whether a node hands values on as they are."""
    return node.kind is Kind.OP and MOVES.fullmatch(function_name(node)) is not None


_NO_TENSORS = re.compile(r"dtype|device|shape|layout|n?dim|itemsize|nbytes|names|requires_grad|is_\w+")
"""What a tensor tells of itself."""


def gives_float(node: Node) -> bool:
    """Return whether a float tensor comes out of a node, as far as is known."""
    if node.target == "getattr" and len(node.args) > 1 and _NO_TENSORS.fullmatch(str(node.args[1])) is not None:
        return False  # in FX `x.dtype` is a node
    return not node.values or any("float" in value.dtype for value in node.values)


def origin(index: Index, node_id: str, past: Iterable[Kind] = (), moves: bool = False) -> str | None:
    """Return what gives the first input of a node, past nodes of some kinds, and past moves if asked."""
    kinds = frozenset(past)
    step = next(iter(index.producers[node_id]), None)
    while step is not None and (index.nodes[step].kind in kinds or (moves and is_move(index.nodes[step]))):
        step = next(iter(index.producers[step]), None)
    return step


def activations(index: Index, node_id: str) -> list[Node]:
    """Return the float inputs of a node that are no parameters, nor come from parameters alone."""
    return [
        index.nodes[each]
        for each in index.producers[node_id]
        if gives_float(index.nodes[each]) and not _is_parameter(index, each)
    ]


def _is_parameter(index: Index, node_id: str) -> bool:
    node = index.nodes[node_id]
    while node.kind in (*CASTING, *WATCHING) and index.producers[node.id]:
        node = index.nodes[index.producers[node.id][0]]
    return node.kind is Kind.CONSTANT


def numbers(value: Number | tuple[Number, ...] | None) -> tuple[float, ...]:
    """Return a scale, zero point or range as floats; empty where it is not known."""
    if value is None:
        return ()
    return tuple(float(each) for each in (value if isinstance(value, tuple) else (value,)))


def same_qparams(one: QParams, other: QParams) -> bool:
    """Return whether two tensors are quantized alike."""
    return (one.dtype, one.scale, one.zero_point) == (other.dtype, other.scale, other.zero_point)


def look_alike(*several: QParams) -> bool:
    """Return whether the scales of several tensors differ, and as they are written do not."""
    scales = [each.scale for each in several if each.scale is not None and not isinstance(each.scale, tuple)]
    return len({*map(number, scales)}) < len({*scales})


def qparams_statement(params: QParams, cast: str | None = None, *, is_exact: bool = False) -> Json:
    """Return scale and zero point as an argument of a finding: a statement of its own, of a cast if one is named.

    Args:
        params: What they are.
        cast: The cast that has them.
        is_exact: Whether the scale is told to its last digit.
    """
    args: dict[str, Json] = {"zero_point": _json(params.zero_point)}
    code = "qparams.unknown"
    if params.scale is not None:
        args["scale"] = _json(params.scale)
        one = "qparams.per_tensor_exact" if is_exact else "qparams.per_tensor"
        code = "qparams.per_channel" if isinstance(params.scale, tuple) else one
    inner: Json = {"code": code, "args": args}
    return inner if cast is None else {"code": "qparams.of_cast", "roles": {"cast": [cast]}, "args": {"qparams": inner}}


def _json(value: Number | tuple[Number, ...] | None) -> Json:
    return list(value) if isinstance(value, tuple) else value
