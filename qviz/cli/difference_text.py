"""Puts the difference of two runs into words; every list is cut where it gets long, JSON has all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from qviz.analysis.node_aspects import Aspect
from qviz.analysis.verdicts.difference import Difference, NodeChange, StageDifference
from qviz.analysis.verdicts.summary import Coverage
from qviz.cli.reports.text import place
from qviz.document.graph import Json
from qviz.document.snapshot import Finding
from qviz.words.formats import number

MAX_CHANGED = 20
MAX_NODES = 12
MAX_LISTED = 4
"""Numbers of a list that are shown one by one."""


def difference_text(difference: Difference) -> str:
    """Return the difference as text, - for A and + for B."""
    if difference.is_same:
        return "No difference.\n"
    parts = (
        list(_settings(difference)),
        list(_stage_names(difference)),
        *(list(_stage(each)) for each in difference.stages),
        list(_findings(difference)),
        [_coverage(difference.coverage_a, difference.coverage_b)],
    )
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _settings(difference: Difference) -> Iterator[str]:
    for each in difference.settings:
        entries_a, entries_b = _entries(each.a), _entries(each.b)
        if sorted(map(_words, entries_a)) == sorted(map(_words, entries_b)) != []:
            yield f"{each.name}: the same entries in another order"
        elif entries_a or entries_b:
            yield from (f"- {each.name}: {_words(entry)}" for entry in entries_a if entry not in entries_b)
            yield from (f"+ {each.name}: {_words(entry)}" for entry in entries_b if entry not in entries_a)
        else:
            yield f"{each.name}: {_value(each.a)} → {_value(each.b)}"


def _entries(value: Json) -> list[dict[str, Json]]:
    """Return the entries of a list such as that of the rules."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _words(entry: dict[str, Json]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in entry.items())


def _stage_names(difference: Difference) -> Iterator[str]:
    for name in difference.stages_only_a:
        yield f"- stage {name}"
    for name in difference.stages_only_b:
        yield f"+ stage {name}"


def _stage(stage: StageDifference) -> Iterator[str]:
    before, after = stage.nodes
    count = f"{before} nodes" if before == after else f"{before} → {after} nodes"
    if stage.is_same:
        yield f"{stage.name}: {count}, no difference"
        return
    changed = f", {len(stage.changed)} changed" if stage.changed else ""
    yield f"{stage.name}: {count}{changed}"
    if stage.kinds:
        yield "  " + ", ".join(f"{each.kind.value} {each.a} → {each.b}" for each in stage.kinds)
    yield from _ids("-", stage.only_a, stage.only_b)
    yield from _ids("+", stage.only_b, stage.only_a)
    for change in stage.changed[:MAX_CHANGED]:
        yield _change(change)
    if len(stage.changed) > MAX_CHANGED:
        yield f"  and {len(stage.changed) - MAX_CHANGED} more changed (--json has all)"


def _ids(sign: str, ids: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    """Yield the ids of one run; torch gives its numbers to other nodes in the other run."""
    if ids:
        names = (f"{each} (at another place)" if each in others else each for each in ids[:MAX_NODES])
        more = f" and {len(ids) - MAX_NODES} more" if len(ids) > MAX_NODES else ""
        yield f"  {sign} {', '.join(names)}{more}"


def _change(change: NodeChange) -> str:
    name = change.a if change.a == change.b else f"{change.a} → {change.b}"
    return f"  ~ {name}: {'; '.join(map(_aspect, change.aspects))}"


def _aspect(aspect: Aspect) -> str:
    one, other = _numbers(aspect.a), _numbers(aspect.b)
    if len(one) == len(other) > MAX_LISTED:
        differ = sum(x != y for x, y in zip(one, other, strict=True))
        return f"{aspect.name} of {differ} of {len(one)} channels{_share(one, other)}"
    return f"{aspect.name} {_value(aspect.a)} → {_value(aspect.b)}"


def _numbers(value: Json) -> list[float]:
    """Return the numbers of a list that has nothing else."""
    if not isinstance(value, list):
        return []
    numbers = [float(each) for each in value if isinstance(each, (int, float))]
    return numbers if len(numbers) == len(value) else []


def _share(a: list[float], b: list[float]) -> str:
    largest = max((abs(y / x - 1) for x, y in zip(a, b, strict=True) if x), default=0.0)
    return f", by up to {number(100 * largest)} %" if largest else ""


def _value(value: Json) -> str:
    match value:
        case None | "":
            return "—"
        case bool():
            return str(value).lower()
        case int() | float():
            return number(value)
        case str():
            return value.removeprefix("torch.")
        case _ if numbers := _numbers(value):
            low, high = number(min(numbers)), number(max(numbers))
            told = ", ".join(map(number, numbers))
            return told if len(numbers) <= MAX_LISTED else f"{len(numbers)} channels, {low} … {high}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _findings(difference: Difference) -> Iterator[str]:
    for each in difference.gone:
        yield f"- {_finding(each)}"
    for each in difference.new:
        yield f"+ {_finding(each)}"


def _finding(finding: Finding) -> str:
    return f"{finding.level.value} {finding.rule} at {place(finding.stage, finding.nodes)}: {finding.message}"


def _coverage(a: Coverage | None, b: Coverage | None) -> str:
    one, other = (f"{each.low} of {each.total}" if each else "none converted" for each in (a, b))
    if one == other:
        return f"{one} operators in low precision in both runs." if a else "Neither run has a converted stage."
    return f"Operators in low precision: {one} → {other}."
