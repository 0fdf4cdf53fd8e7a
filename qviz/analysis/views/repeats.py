"""Recognises blocks that repeat: the layers of a network that have the same nodes joined in the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import NamedTuple

from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.plumbing import Plumbing
from qviz.document.query import Index
from qviz.words import tr, trn
from qviz.words.formats import listed

LEAST = 3
"""So many equal blocks are worth a word."""


class Repeat(NamedTuple):
    """What a group's blocks have in common.

    Attributes:
        type: Their class.
        alike: How many are equal.
        different: The paths of those of the same class that are not.
    """

    type: str
    alike: int
    different: tuple[str, ...]


class Repeats:
    """Compares the groups of one graph; each is read once."""

    def __init__(self, index: Index, plumbing: Plumbing) -> None:
        self._index = index
        self._plumbing = plumbing
        self._forms: dict[ModuleGroup, int] = {}
        self._known: dict[Hashable, int] = {}

    def of(self, group: ModuleGroup) -> Repeat | None:
        """Return what repeats right inside a group, the most frequent; None where nothing does."""
        forms = Counter((inner.type, self.form(inner)) for inner in group.groups)
        if not forms:
            return None
        (type_, form), count = forms.most_common(1)[0]
        if count < LEAST:
            return None
        others = (inner for inner in group.groups if inner.type == type_ and self.form(inner) != form)
        return Repeat(type_, count, tuple(inner.path for inner in others))

    def form(self, group: ModuleGroup) -> int:
        """Return a number that equal groups share: what is in them, how it is joined, how it is quantized."""
        found = self._forms.get(group)
        if found is None:
            written = self._written(group)
            found = self._forms[group] = self._known.setdefault(written, len(self._known))
        return found

    def _written(self, group: ModuleGroup) -> Hashable:
        index = self._index
        place: dict[str, int] = {}
        parts: list[Hashable] = []
        for at, item in enumerate(group.items):
            if isinstance(item, str):
                node = index.nodes[item]
                dtype = node.quant.output.dtype if node.quant and node.quant.output else ""
                held = tuple(index.nodes[each].kind for each in self._plumbing.members(item)[1:])
                parts.append((node.kind, node.target if node.op != "call_module" else node.module_type, dtype, held))
                place[item] = at
            else:
                parts.append(self.form(item))
                place.update(dict.fromkeys(item.nodes, at))
        joined = {
            (place[unit], place[user])
            for unit in group.nodes
            for user in index.users[unit]
            if user in place and place[user] != place[unit]
        }
        return tuple(parts), tuple(sorted(joined))


def in_words(repeat: Repeat) -> str:
    """Return ``12 × Block, identical`` or where one differs."""
    count, type_ = repeat.alike, repeat.type or tr("block")
    if not repeat.different:
        return tr("{count} × {type}, identical", count=count, type=type_)
    return trn(
        len(repeat.different),
        "{alike} × {type}, identical; {names} differs",
        "{alike} × {type}, identical; {names} differ",
        alike=count,
        type=type_,
        names=listed(path.rpartition(".")[2] for path in repeat.different),
    )
