"""Which of several modules of one type is not like the others, and in what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.regions import function_name
from qviz.document.graph import Node
from qviz.document.snapshot import StageName
from qviz.words import names, tr, trn
from qviz.words.formats import listed

MANY_ALIKE = 3
"""From so many children on, the one that is not like the others is worth naming."""
_TOLD = 3


class MakeupPart(NamedTuple):
    """One operator, or an observer of what one gives, of a module.

    Attributes:
        place: Of the operator, relative to the module.
        what: Its function; "" for an observer behind it.
        is_low: Whether it runs in low precision; None where that is not judged.
    """

    place: str
    what: str
    is_low: bool | None = None


Trait = TypeVar("Trait")

Makeup = tuple[MakeupPart, ...]
"""What makes two modules alike: operators in order, which of them run in low precision, what is observed."""


class Sibling(NamedTuple):
    """What is compared of a child.

    Attributes:
        type: Of its module.
        makeup: Its operators.
        casts: How many quantize and dequantize it holds.
        told: The rules of the warnings and errors inside.
        is_like: Whether the canvas counts it among the equal ones of its type; None where it counts none of that type.
    """

    type: str
    makeup: Makeup
    casts: int
    told: frozenset[str] = frozenset()
    is_like: bool | None = None


def makeup_of(run: InspectedRun, stage: StageName, path: str, nodes: Sequence[Node]) -> Makeup:
    """Return the makeup of a module, whose nodes are given in graph order."""
    ops = [
        MakeupPart(_relative(node, path), _what(node), run.is_low(stage, (node.id,)))
        for node in nodes
        if node.kind.computes
    ]
    judged = [each for each in ops if each.is_low is not None] or ops
    return (*judged, *_observed(run, stage, path, nodes))


def _observed(run: InspectedRun, stage: StageName, path: str, nodes: Sequence[Node]) -> Iterator[MakeupPart]:
    """Yield the observers of what operators inside give; what comes from outside is the business of others."""
    inside, producers = {node.id: node for node in nodes}, run.index(stage).producers
    for node in nodes:
        if node.kind.watches:
            for each in producers.get(node.id, ())[:1]:
                if each in inside:
                    yield MakeupPart(_relative(inside[each], path) or function_name(inside[each]), "")


def _what(node: Node) -> str:
    return node.module_type or function_name(node) if node.op == "call_module" else function_name(node)


def _relative(node: Node, path: str) -> str:
    return node.place.removeprefix(path).lstrip(".")


def odd_ones(makeups: Mapping[str, tuple[str, Trait]]) -> dict[str, tuple[Trait, Trait]]:
    """Return those that are not like most of their type, with their own makeup and that of the others.

    Args:
        makeups: The type of each by name, with its makeup or whatever else is compared.
    """
    found: dict[str, tuple[Trait, Trait]] = {}
    for type_ in {type_ for type_, _ in makeups.values() if type_}:
        own = {name: makeup for name, (of, makeup) in makeups.items() if of == type_}
        usual, count = Counter(own.values()).most_common(1)[0]
        if len(own) >= MANY_ALIKE and count > len(own) / 2:
            found.update({name: (makeup, usual) for name, makeup in own.items() if makeup != usual})
    return {name: found[name] for name in makeups if name in found}


def difference_in_words(name: str, own: Makeup, usual: Makeup) -> str:
    """Return in a sentence what one has that the others do not have, and what it lacks."""
    if precision := _precision_in_words(name, own, usual):
        return precision
    more, less = _names(own, usual), _names(usual, own)
    if more and less:
        return tr("{name} has {own}; the others have {usual}.", name=name, own=more, usual=less)
    if more:
        return tr("Only {name} has {own}.", name=name, own=more)
    if less:
        return tr("Only {name} lacks {usual}.", name=name, usual=less)
    return tr("{name} has the same operators in another order.", name=name)


def _precision_in_words(name: str, own: Makeup, usual: Makeup) -> str:
    """Return in a sentence which operators run in another precision; "" where more than that is different."""
    pairs = [*zip(own, usual, strict=False)]
    if len(own) != len(usual) or any((one.place, one.what) != (other.place, other.what) for one, other in pairs):
        return ""
    parts = [one for one, other in pairs if one.is_low is not other.is_low]
    floats = [each for each in parts if each.is_low is False]
    if not parts or len(floats) not in (0, len(parts)):
        return ""
    count, told = len(parts), listed(map(_plain_name, parts), _TOLD)
    if floats:
        return trn(
            count,
            "In {name}, {parts} stays in float; in the others it runs in low precision.",
            "In {name}, {parts} stay in float; in the others they run in low precision.",
            name=name,
            parts=told,
        )
    return trn(
        count,
        "In {name}, {parts} runs in low precision; in the others it stays in float.",
        "In {name}, {parts} run in low precision; in the others they stay in float.",
        name=name,
        parts=told,
    )


def casts_in_words(name: str, own: int, usual: int) -> str:
    """Return in a sentence that one has more or fewer casts than the others, whose operators are the same."""
    return trn(
        own,
        "{name} has {count} cast; the others have {usual}.",
        "{name} has {count} casts; the others have {usual}.",
        name=name,
        usual=usual,
    )


def findings_in_words(name: str, own: frozenset[str], usual: frozenset[str]) -> str:
    """Return in a sentence that findings speak of one that do not speak of the others, or the other way."""
    more, less = (listed([names.rule(each) for each in sorted(side)], _TOLD) for side in (own - usual, usual - own))
    if more:
        return tr("Only {name} has the finding {findings}.", name=name, findings=more)
    return tr("Only {name} lacks the finding {findings}.", name=name, findings=less)


def differences_among(children: Mapping[str, Sibling]) -> dict[str, str]:
    """Return for each child that is not like most of its type a sentence that says in what.

    Which ones those are the canvas decides, where it counts equal blocks; a sentence is "" where all that is
    compared here is the same. Where operators and precision are the same, casts are counted: a block at the edge of
    what is quantized may have more of them. Then come findings.
    """
    found: dict[str, str] = {}
    for type_ in {each.type for each in children.values() if each.type}:
        own = {name: each for name, each in children.items() if each.type == type_}
        usual = next((each for each in own.values() if each.is_like), None)
        if usual is not None:
            found |= {name: _difference(name, each, usual) for name, each in own.items() if not each.is_like}
        elif all(each.is_like is None for each in own.values()):
            found |= _found_here(own)
    return {name: found[name] for name in children if name in found}


def _found_here(children: Mapping[str, Sibling]) -> dict[str, str]:
    """Return the same of children that the canvas does not compare, such as those of one operator."""
    makeups = odd_ones({name: (each.type, each.makeup) for name, each in children.items()})
    casts = odd_ones({name: (each.type, each.casts) for name, each in children.items()})
    told = odd_ones({name: (each.type, each.told) for name, each in children.items()})
    return (
        {name: findings_in_words(name, *pair) for name, pair in told.items()}
        | {name: casts_in_words(name, *pair) for name, pair in casts.items()}
        | {name: difference_in_words(name, *pair) for name, pair in makeups.items()}
    )


def _difference(name: str, own: Sibling, usual: Sibling) -> str:
    if own.makeup != usual.makeup:
        return difference_in_words(name, own.makeup, usual.makeup)
    if own.casts != usual.casts:
        return casts_in_words(name, own.casts, usual.casts)
    return findings_in_words(name, own.told, usual.told) if own.told != usual.told else ""


def otherwise_unlike(name: str) -> str:
    """Return in a sentence that one differs in what the canvas alone compares."""
    return tr("{name} has other shapes, dtypes or connections.", name=name)


def unlike(difference: str) -> str:
    """Return the same for the page of that one itself."""
    return tr("Unlike its siblings: {difference}", difference=difference)


def _names(one: Makeup, other: Makeup) -> str:
    left = Counter(other)
    here = {(each.place, each.what) for each in other}
    found: list[str] = []
    for part in one:
        if left[part] > 0:
            left[part] -= 1
        elif not part.what:
            found.append(tr("an observer after {place}", place=part.place))
        else:
            found.append(_name(part, (part.place, part.what) in here))
    return listed(found, _TOLD) if found else ""


def _plain_name(part: MakeupPart) -> str:
    return part.what if part.place in ("", part.what) else f"{part.place} ({part.what})"


def _name(part: MakeupPart, is_there_otherwise: bool) -> str:
    name = _plain_name(part)
    if not is_there_otherwise or part.is_low is None:
        return name
    return tr("{name} in low precision", name=name) if part.is_low else tr("{name} in float", name=name)
