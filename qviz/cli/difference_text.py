"""Puts the difference of two runs into words; every list is cut where it gets long, JSON has all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from qviz.analysis.node_aspects import Aspect
from qviz.analysis.verdicts.coverage_words import counts
from qviz.analysis.verdicts.difference import Difference, NodeChange, StageDifference
from qviz.cli.reports.text import place
from qviz.document.coverage import Coverage
from qviz.document.graph import Json
from qviz.document.snapshot import Finding
from qviz.words import tr, trn
from qviz.words.formats import channels, listed, number
from qviz.words.names import level

MAX_CHANGED = 20
MAX_NODES = 12
MAX_LISTED = 4
"""Numbers of a list that are shown one by one."""


def difference_text(difference: Difference) -> str:
    """Return the difference as text, - for A and + for B."""
    if difference.is_same:
        return tr("No difference.") + "\n"
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
            yield tr("{setting}: the same entries in another order", setting=each.name)
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
        yield "- " + tr("stage {name}", name=name)
    for name in difference.stages_only_b:
        yield "+ " + tr("stage {name}", name=name)


def _stage(stage: StageDifference) -> Iterator[str]:
    before, after = stage.nodes
    nodes = trn(before, "{count} node", "{count} nodes")
    if before != after:
        nodes = tr("{before} → {after} nodes", before=before, after=after)
    told = {"stage": stage.name, "nodes": nodes, "changed": len(stage.changed)}
    if stage.is_same:
        yield tr("{stage}: {nodes}, no difference", **told)
        return
    yield tr("{stage}: {nodes}, {changed} changed", **told) if stage.changed else tr("{stage}: {nodes}", **told)
    if stage.kinds:
        yield "  " + ", ".join(f"{each.kind.value} {each.a} → {each.b}" for each in stage.kinds)
    yield from _ids("-", stage.only_a, stage.only_b)
    yield from _ids("+", stage.only_b, stage.only_a)
    for change in stage.changed[:MAX_CHANGED]:
        yield _change(change)
    if len(stage.changed) > MAX_CHANGED:
        yield "  " + tr("and {count} more changed (--json lists all)", count=len(stage.changed) - MAX_CHANGED)


def _ids(sign: str, ids: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    """Yield the ids of one run; torch gives its numbers to other nodes in the other run."""
    if ids:
        names = (tr("{node} (at another place)", node=each) if each in others else each for each in ids)
        yield f"  {sign} {listed(names, MAX_NODES)}"


def _change(change: NodeChange) -> str:
    name = change.a if change.a == change.b else f"{change.a} → {change.b}"
    return f"  ~ {name}: {'; '.join(map(_aspect, change.aspects))}"


def _aspect(aspect: Aspect) -> str:
    one, other = _numbers(aspect.a), _numbers(aspect.b)
    if len(one) == len(other) > MAX_LISTED:
        differ = sum(x != y for x, y in zip(one, other, strict=True))
        told = {"aspect": aspect.name, "differ": differ, "total": len(one), "share": _share(one, other)}
        if told["share"]:
            return tr("{aspect} of {differ} of {total} channels, by up to {share}", **told)
        return tr("{aspect} of {differ} of {total} channels", **told)
    return f"{aspect.name} {_value(aspect.a)} → {_value(aspect.b)}"


def _numbers(value: Json) -> list[float]:
    """Return the numbers of a list that has nothing else."""
    if not isinstance(value, list):
        return []
    numbers = [float(each) for each in value if isinstance(each, (int, float))]
    return numbers if len(numbers) == len(value) else []


def _share(a: list[float], b: list[float]) -> str:
    largest = max((abs(y / x - 1) for x, y in zip(a, b, strict=True) if x), default=0.0)
    return f"{number(100 * largest)} %" if largest else ""


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
            return ", ".join(map(number, numbers)) if len(numbers) <= MAX_LISTED else channels(numbers)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _findings(difference: Difference) -> Iterator[str]:
    for each in difference.gone:
        yield f"- {_finding(each)}"
    for each in difference.new:
        yield f"+ {_finding(each)}"


def _finding(finding: Finding) -> str:
    return tr(
        "{level} {rule} at {place}: {message}",
        level=level(finding.level.value),
        rule=finding.rule,
        place=place(finding.stage, finding.nodes),
        message=finding.message,
    )


def _coverage(a: Coverage | None, b: Coverage | None) -> str:
    one, other = (counts(each) if each else tr("none converted") for each in (a, b))
    if (a and (a.low, a.total, a.macs)) == (b and (b.low, b.total, b.macs)):
        return (
            tr("{share} operators in low precision in both runs.", share=one)
            if a
            else tr("Neither run has a converted stage.")
        )
    return tr("Operators in low precision: {before} → {after}.", before=one, after=other)
