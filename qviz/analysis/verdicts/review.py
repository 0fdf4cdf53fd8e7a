"""A run as a report in Markdown: its picture, summary, findings, noise, configuration, and Python."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from qviz.analysis.ledger.markdown import escaped, lines_of, table_of
from qviz.analysis.ledger.tables import sections
from qviz.analysis.verdicts.coverage_words import counts
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.analysis.verdicts.summary import told_coverage
from qviz.document.causes import by_cause
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.words import mark, names, tr, trn
from qviz.words.formats import capitalized, decibels, every, listed, percent, sentence
from qviz.words.visible import visible

_FENCE = re.compile(r"`{3,}")

_COUNTED = {
    Level.ERROR: (mark("{count} error"), mark("{count} errors")),
    Level.WARNING: (mark("{count} warning"), mark("{count} warnings")),
    Level.INFO: (mark("{count} info"), mark("{count} infos")),
}


class LinkedPicture(NamedTuple):
    """A picture beside the report: what it shows, and the name of its file."""

    words: str
    file: str


def review(snapshot: Snapshot, title: str, pictures: Sequence[LinkedPicture]) -> str:
    """Return the report of a run."""
    return "\n".join((*_head(snapshot, title, pictures), *_summary(snapshot), *_findings(snapshot), *_tail(snapshot)))


def _head(snapshot: Snapshot, title: str, pictures: Sequence[LinkedPicture]) -> Iterator[str]:
    run = snapshot.run
    told = (run.flow, *(f"{name} {version}" for name, version in sorted(run.versions.items())))
    yield from (f"# {escaped(title)}", "", escaped(" · ".join(filter(None, told))), "")
    for each in pictures:
        yield from (f"![{escaped(each.words)}](<{_linked(each.file)}>)", "")


def _summary(snapshot: Snapshot) -> Iterator[str]:
    yield from (f"## {tr('Summary')}", "")
    yield from table_of((tr("Key figure"), tr("Result")), list(_facts(snapshot)))
    yield ""


def _facts(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield what the run came to, a row for each figure that is known."""
    coverage = told_coverage(snapshot.summary)
    if coverage is not None:
        yield tr("Operators in low precision"), counts(coverage)
        if coverage.parameters and coverage.parameters[1]:
            yield tr("Parameters in low precision"), percent(coverage.parameters[0] / coverage.parameters[1])
    measured = snapshot.measurements
    total = measured.sqnr_db.total if measured is not None and measured.sqnr_db is not None else None
    yield tr("Output SQNR"), tr("not measured") if total is None else decibels(total)
    for stage in snapshot.stages:
        nodes = trn(len(stage.whole.nodes), "{count} node", "{count} nodes")
        yield names.stage(stage.name), nodes
    levels = Counter(finding.level for finding in snapshot.findings)
    told = every(trn(levels[each], *_COUNTED[each]) for each in Level if levels[each])
    yield tr("Findings"), told or tr("none")


def _findings(snapshot: Snapshot) -> Iterator[str]:
    yield from (f"## {tr('Findings')}", "")
    if not snapshot.findings:
        yield from (tr("Nothing to report."), "")
    places = FindingPlaces(snapshot)
    for cause, consequences in by_cause(snapshot.findings):
        yield f"- {_told(cause, places)}"
        yield from (f"  - {_told(each, places)}" for each in consequences)
    if snapshot.findings:
        yield ""


def _told(finding: Finding, places: FindingPlaces) -> str:
    """Return a finding in a few sentences, the first in bold."""
    where = listed(places.of(finding))
    message = escaped(capitalized(finding.message))
    first = f"**{escaped(capitalized(names.level(finding.level.value)))}**: {message}"
    more = (escaped(sentence(text)) for text in (finding.reason, finding.hint) if text)
    at = [f"({escaped(where)})"] if where else []
    return " ".join((" ".join([first, *at]) + ".", *more))


def _tail(snapshot: Snapshot) -> Iterator[str]:
    run = snapshot.run
    if snapshot.measurements is not None:
        first, *others = sections(snapshot.measurements)
        yield from (f"## {tr('Noise')}", "", *(escaped(sentence(line)) for line in first.lines), "")
        for each in others:
            yield from (*lines_of(each), "")
    if run.config:
        yield from (f"## {tr('Configuration')}", "", *_fenced("json", _pretty(run.config)), "")
    if run.python:
        yield from (f"## {tr('Python')}", "", *_fenced("python", run.python), "")


def _linked(file: str) -> str:
    """Return a file's name as the target of a link, between angle brackets."""
    return re.sub(r"[^\w .,()+-]", lambda found: quote(found[0], errors="surrogatepass"), file)


def _pretty(config: Mapping[str, Json]) -> str:
    return msgspec.json.format(msgspec.json.encode(config, order="sorted"), indent=2).decode()


def _fenced(language: str, code: str) -> tuple[str, str, str]:
    """Return a block of code, in a fence longer than any in it, wherever in a line that stands."""
    code = visible(code)
    longest = max((len(each) for each in _FENCE.findall(code)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}", code.rstrip("\n"), fence
