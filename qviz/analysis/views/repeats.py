"""Recognises blocks that repeat: the layers of a network that have the same nodes joined in the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from threading import RLock
from typing import NamedTuple, TypeAlias

from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.plumbing import Plumbing
from qviz.document.graph import Edge, NodeId, Quant
from qviz.document.query import Index
from qviz.words import tr, trn
from qviz.words.formats import listed

LEAST = 3
"""So many equal blocks are worth a word."""
_CALLS = ("call_function", "call_method")

Sign: TypeAlias = Callable[[NodeId], Hashable]
"""What a node is to whom it is equal or not; equal blocks have equal nodes."""


class Repeat(NamedTuple):
    """What a group's blocks have in common.

    Attributes:
        type: Their class.
        alike: How many are equal.
        different: The paths of those of the same class that are not.
        noted: The paths of those that are, but of which findings tell something else.
    """

    type: str
    alike: int
    different: tuple[str, ...]
    noted: tuple[str, ...] = ()


class Repeats:
    """Compares the groups of one graph; each is read once.

    Args:
        edges: The graph's.
        plumbing: What belongs to which node.
        sign: What makes a node equal to another.
        crossings: For each group the places of the edges that run between its items.
        plain: The same without what findings say, where they say something.
    """

    def __init__(
        self,
        edges: Sequence[Edge],
        plumbing: Plumbing,
        sign: Sign,
        crossings: Mapping[ModuleGroup, Sequence[int]],
        plain: Sign | None = None,
    ) -> None:
        self._plain = Repeats(edges, plumbing, plain, crossings) if plain is not None else None
        self._edges, self._plumbing, self._sign, self._crossings = edges, plumbing, sign, crossings
        self._forms: dict[ModuleGroup, int] = {}
        self._known: dict[Hashable, int] = {}
        self._lock = RLock()

    def of(self, group: ModuleGroup) -> Repeat | None:
        """Return what repeats right inside a group, the most frequent; None where nothing does."""
        forms = Counter((inner.type, self.form(inner)) for inner in group.groups)
        if not forms:
            return None
        (type_, form), count = forms.most_common(1)[0]
        if count < LEAST:
            return None
        alike = next(inner for inner in group.groups if inner.type == type_ and self.form(inner) == form)
        others = [inner for inner in group.groups if inner.type == type_ and self.form(inner) != form]
        noted = [inner.path for inner in others if self._is_only_noted(inner, alike)]
        return Repeat(type_, count, tuple(each.path for each in others if each.path not in noted), tuple(noted))

    def _is_only_noted(self, one: ModuleGroup, other: ModuleGroup) -> bool:
        """Return whether two groups differ in nothing but what findings say."""
        return self._plain is not None and self._plain.form(one) == self._plain.form(other)

    def form(self, group: ModuleGroup) -> int:
        """Return a number that equal groups share: what is in them, how it is joined, how it is quantized."""
        found = self._forms.get(group)
        if found is None:
            with self._lock:  # both panes ask at once, and no two forms may get one number
                written = self._written(group)
                found = self._forms[group] = self._known.setdefault(written, len(self._known))
        return found

    def _written(self, group: ModuleGroup) -> Hashable:
        sign, plumbing = self._sign, self._plumbing
        held, repeated = plumbing.held, plumbing.repeated
        place: dict[str, int] = {}
        parts: list[Hashable] = []
        for at, item in enumerate(group.items):
            if isinstance(item, str):
                is_alone = item not in held and item not in repeated
                parts.append(sign(item) if is_alone else _in_any_order(map(sign, plumbing.members(item))))
                place[item] = at
            else:
                parts.append(("group", self.form(item)))
                place.update(dict.fromkeys(item.nodes, at))
        joined = set()
        for number in self._crossings.get(group, ()):
            edge = self._edges[number]
            source, target = place.get(edge.from_id), place.get(edge.to_id)
            if source is not None and target is not None and source != target:  # both are boxes
                joined.add((source, target))
        return tuple(parts), tuple(sorted(joined))


def one_stage(index: Index, low: Collection[NodeId]) -> Sign:
    """Return the sign of the nodes of one stage: what each computes, on which shapes and dtypes, in which precision.

    Scales do not count, nor do names: no two layers have the same. Each sign is a number: what blocks
    are made of is compared again and again.
    """
    known: dict[Hashable, int] = {}
    numbers: dict[NodeId, int] = {}
    producers = index.producers
    for node_id, node in index.nodes.items():
        op, quant, observer = node.op, node.quant, node.observer
        does = node.module_type if op == "call_module" else node.target if op in _CALLS else ""
        sign = (
            node.kind,
            does,
            node.values,
            None if quant is None else _dtypes(quant),
            None if observer is None else observer.type,
            node_id in low,
            len(producers[node_id]),
        )
        numbers[node_id] = known.setdefault(sign, len(known))
    return numbers.__getitem__


class SeveralStages:
    """The sign of the nodes of a union: equal are those that are equal in every stage, and of which the same is told.

    Args:
        stages: For each stage the sign of each of its nodes, by the ids of the union.
        told: What findings say of nodes of the union.
    """

    def __init__(self, stages: Iterable[Mapping[NodeId, Hashable]], told: Mapping[NodeId, Hashable]) -> None:
        self._signs = [each.get for each in (*stages, told)]

    def __call__(self, node_id: NodeId) -> Hashable:
        """Return it."""
        return tuple([sign(node_id) for sign in self._signs])


def _in_any_order(signs: Iterable[Hashable]) -> Hashable:
    """Return what stands in one box: of a weight and a bias either may come first, and says nothing."""
    found = tuple(signs)
    once = frozenset(found)
    return once if len(once) == len(found) else frozenset(Counter(found).items())  # of most each is another


def _dtypes(quant: Quant) -> Hashable:
    """Return how what goes in and out is quantized, but not with which scales."""
    source, weight, bias, output = quant.input, quant.weight, quant.bias, quant.output
    return (  # for every node of a large graph: no calls, no loops
        None if source is None else (source.dtype, source.qscheme, source.axis),
        None if weight is None else (weight.dtype, weight.qscheme, weight.axis),
        None if bias is None else (bias.dtype, bias.qscheme, bias.axis),
        None if output is None else (output.dtype, output.qscheme, output.axis),
    )


def in_words(repeat: Repeat) -> str:
    """Return ``12 × Block, identical`` or where one differs."""
    count, type_ = repeat.alike, repeat.type or tr("block")
    odd = _odd(repeat)
    if not odd:
        return tr("{count} × {type}, identical", count=count, type=type_)
    return tr("{alike} × {type}, identical; {odd}", alike=count, type=type_, odd=odd)


def counted(repeat: Repeat) -> str:
    """Return ``12 × Block``: all of the class, equal or not."""
    return tr(
        "{count} × {type}",
        count=repeat.alike + len(repeat.different) + len(repeat.noted),
        type=repeat.type or tr("block"),
    )


def compared(repeat: Repeat) -> tuple[str, str]:
    """Return ``11 identical`` and ``7 differs``, which is said aloud; "" where none differs."""
    odd = _odd(repeat)
    return (tr("{count} identical", count=repeat.alike), odd) if odd else (tr("all identical"), "")


def _odd(repeat: Repeat) -> str:
    """Return which differ, and which have other findings; "" where all are equal."""
    different, noted = (listed(path.rpartition(".")[2] for path in paths) for paths in (repeat.different, repeat.noted))
    told = []
    if different:
        told.append(trn(len(repeat.different), "{names} differs", "{names} differ", names=different))
    if noted:
        told.append(trn(len(repeat.noted), "{names} has other findings", "{names} have other findings", names=noted))
    return ", ".join(told)
