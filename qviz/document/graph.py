"""The structure of one stage: nodes, edges, groups.

Invariants, checked by `lint`:
- a node's id is the fx node's name, unique in its graph;
- nodes stand in the order of the fx graph, so every edge points forward;
- one edge for every entry of ``node.all_input_nodes``, ``input_index`` its position there.

Fields without a default are always written and required when read; fields that default to
None are written only where something is known (docs/contract.md, section 6).
"""

from __future__ import annotations

from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from qviz.words import say

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
else:
    Json = Any  # msgspec cannot follow a recursive alias

NodeId: TypeAlias = str
"""The name of an fx node, unique in its graph."""

if TYPE_CHECKING:
    Number: TypeAlias = float | str
    """A float; one that is not finite is the string "inf", "-inf" or "nan"."""
else:  # no other text is read; with a pattern, msgspec 0.22 crashed in three of ten processes as they ended
    Number = float | Literal["inf", "-inf", "nan"]
Numbers: TypeAlias = "Number | tuple[Number, ...] | None"
"""One for a whole tensor, or one for each channel; None where it is not known."""


class Kind(str, Enum):
    """What a node is for; every node has exactly one (docs/contract.md, section 3)."""

    INPUT = "input"
    OUTPUT = "output"
    CONSTANT = "constant"
    FAKE_QUANT = "fake_quant"
    OBSERVER = "observer"
    CHOOSE_QPARAMS = "choose_qparams"
    QUANTIZE = "quantize"
    DEQUANTIZE = "dequantize"
    QUANTIZED_OP = "quantized_op"
    FUSED_OP = "fused_op"
    OP = "op"

    __hash__ = str.__hash__  # Enum's own is a call in Python: kinds are looked up for every node of a large graph

    @property
    def watches(self) -> bool:
        """Whether it is an observer or a fake-quant: it watches a tensor."""
        return self in WATCHING

    @property
    def casts(self) -> bool:
        """Whether it changes the precision of a tensor, or computes how."""
        return self in CASTING

    @property
    def computes(self) -> bool:
        """Whether it is work of the model, in whatever precision."""
        return self in COMPUTING


WATCHING = frozenset({Kind.OBSERVER, Kind.FAKE_QUANT})
CASTING = frozenset({Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.CHOOSE_QPARAMS})
COMPUTING = frozenset({Kind.OP, Kind.FUSED_OP, Kind.QUANTIZED_OP})


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all document structures."""


class Value(Record, frozen=True):
    """One output of a node; symbolic dimensions are strings, dtype as ``torch.float32``."""

    shape: tuple[int | str, ...]
    dtype: str


class QParams(Record, frozen=True):
    """How a tensor is quantized; ``axis`` only per channel, where scale and zero point are lists."""

    dtype: str
    qscheme: str | None = None
    scale: Number | tuple[Number, ...] | None = None
    zero_point: Number | tuple[Number, ...] | None = None
    quant_min: Number | None = None
    quant_max: Number | None = None
    axis: int | None = None


class Quant(Record, frozen=True):
    """The quantization of what goes in and out of a node."""

    input: QParams | None = None
    weight: QParams | None = None
    bias: QParams | None = None
    output: QParams | None = None


class Part(Record, frozen=True):
    """Something that lives inside a module: the conv of a fused module, a weight_fake_quant."""

    path: str
    type: str
    kind: Kind
    quant: Quant | None = None
    object_id: int | None = None


class ObserverType(Record, frozen=True):
    """The class of an observer or fake-quant; its state is a fact."""

    type: str


class Why(Record, frozen=True):
    """Why a node is here, as data; `qviz.words` renders it.

    Attributes:
        code: Names the rule: ``float.no_pattern``; an entry of the catalog with the parts ``rule`` and ``evidence``.
        roles: The nodes that it speaks of, by what they are in it: ``subject``, ``for``, ``shares_with`` …
        args: Numbers, dtypes, names.
        api: The torch API that says so.
    """

    code: str
    roles: dict[str, tuple[str, ...]] = {}
    args: dict[str, Json] = {}
    api: str = ""

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes that it speaks of, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(self.roles.values())))

    @property
    def stays_float(self) -> bool:
        """Whether it says that an operator stays in float, and by what cause."""
        return self.code.startswith("float.") or "stays_float" in self.args

    @property
    def rule(self) -> str:
        """The rule in words."""
        return say(self, "rule")

    @property
    def evidence(self) -> str:
        """What the rule is known from, in words."""
        return say(self, "evidence")


class SourceLine(Record, frozen=True):
    """Where in the user's model a node comes from."""

    file: str
    line: int
    code: str


class Node(Record, frozen=True):
    """One node of the fx graph.

    ``values`` has one entry per output and is empty where nothing is known. References to
    other nodes inside ``args`` and ``kwargs`` are ``{"node": id}``. ``module_path`` is the
    node's own module path as torch gives it, ``inferred_path`` the one of the operator that
    an inserted node serves. Nodes that call one module object share ``object_id``.
    """

    id: NodeId
    name: str
    op: str
    target: str
    kind: Kind
    args: list[Json]
    kwargs: dict[str, Json]
    module_path: str
    module_type: str
    values: tuple[Value, ...]
    attributes: dict[str, Json]
    object_id: int | None = None
    inferred_path: str | None = None
    quant: Quant | None = None
    parts: tuple[Part, ...] | None = None
    observer: ObserverType | None = None
    why: Why | None = None
    source: SourceLine | None = None

    @property
    def place(self) -> str:
        """The module path under which the node is drawn."""
        return self.inferred_path if self.inferred_path is not None else self.module_path


class Edge(Record, frozen=True, array_like=True):
    """A value that flows: ``input_index`` is its position in ``all_input_nodes``."""

    from_id: NodeId
    to_id: NodeId
    input_index: int


class Group(Record, frozen=True):
    """A module of the user's model that holds nodes, named by its path."""

    path: str
    type: str


class Graph(Record, frozen=True):
    """The nodes and edges of one stage, complete: folding is the view's business."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]


def lint(graph: Graph) -> list[str]:
    """Return what breaks the invariants of the module's docstring, in words."""
    places = {node.id: index for index, node in enumerate(graph.nodes)}
    faults = []
    if len(places) != len(graph.nodes):
        faults.append("two nodes have the same id")
    for edge in graph.edges:
        if edge.from_id not in places or edge.to_id not in places:
            faults.append(f"edge {edge.from_id} -> {edge.to_id} names a node that is not there")
        elif places[edge.from_id] >= places[edge.to_id]:
            faults.append(f"edge {edge.from_id} -> {edge.to_id} points backward")
    return faults
