"""The verdict for people: a block for each finding, then one line of totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qviz.analysis.ledger import summary_line
from qviz.analysis.verdicts.coverage_words import operators
from qviz.analysis.verdicts.verdict import Judged, Verdict
from qviz.cli.reports.formats import REPORT_FORMATS, ReportFormat
from qviz.cli.reports.paths import shown
from qviz.document.baseline import Accepted
from qviz.document.run_steps import step_text
from qviz.document.snapshot import Level, Run
from qviz.words import mark, names, say, tr, trn
from qviz.words.formats import every, listed
from qviz.words.language import sign
from qviz.words.visible import visible

MAX_NODES = 8
MAX_LINES = 4


def write(verdict: Verdict, folder: Path) -> str:
    """Return the report as text."""
    blocks = ["\n".join([*block(each, folder), *_following(others)]) for each, others in verdict.causes]
    stale = "\n".join(
        tr("no longer found, but the baseline lists it: {finding}", finding=stale_text(each)) for each in verdict.stale
    )
    return visible("\n\n".join(part for part in (*blocks, stale, totals(verdict)) if part)) + "\n"


def block(judged: Judged, folder: Path) -> Iterator[str]:
    """Yield the lines of one finding."""
    finding = judged.finding
    yield f"{names.level(finding.level.value)} {finding.rule}: {finding.message}"
    yield "  " + tr("at {place}", place=place(finding.stage, judged.new or finding.nodes))
    if judged.new and (others := len(finding.nodes) - len(judged.new)):
        yield "  " + trn(others, "the baseline accepts {count} other node", "the baseline accepts {count} other nodes")
    for line in judged.sources[:MAX_LINES]:
        yield f"  {shown(line.file, folder)}:{line.line}: {line.code}".rstrip(": ")
    if len(judged.sources) > MAX_LINES:
        yield "  " + trn(len(judged.sources) - MAX_LINES, "and {count} more line", "and {count} more lines")
    if finding.reason:
        yield "  " + tr("reason: {reason}", reason=finding.reason)
    if finding.hint:
        option = say(finding, "option")
        yield "  " + tr("hint: {hint}", hint=finding.hint) + (f" ({option})" if option else "")


def _following(consequences: Sequence[Judged]) -> Iterator[str]:
    """Yield the lines of what follows from a finding: it goes with it, and needs no hint of its own."""
    for finding in (each.finding for each in consequences):
        level = names.level(finding.level.value)
        yield "  " + tr(
            "as a result: {level} {rule}: {message}", level=level, rule=finding.rule, message=finding.message
        )
        yield "    " + tr("at {place}", place=place(finding.stage, finding.nodes))


def place(stage: str, nodes: Sequence[str]) -> str:
    """Return stage and nodes in words, the first few of many."""
    if not nodes:
        return stage
    return f"{stage}: {listed(nodes, MAX_NODES)}"


def stale_text(entry: Accepted) -> str:
    """Return an entry of the baseline in words."""
    told = tr("{rule} at {place}", rule=entry.rule, place=place(entry.stage, entry.nodes))
    return told if entry.nodes else f"{told}: {entry.message}"


def stopped(run: Run) -> str:
    """Return what stopped a run that did not come to its end."""
    if run.error is not None:
        return f"{step_text(run.error.step, 'failed')}: {run.error.message}"
    return tr("the run was canceled") if run.status == "cancelled" else tr("the run failed")


def totals(verdict: Verdict) -> str:
    """Return the last line: what there is, how much is quantized, and whether the check fails."""
    parts = [_counted(verdict)]
    accepted = len(verdict.judged) - len(verdict.open)
    if accepted:
        parts.append(tr("{count} accepted by the baseline", count=accepted))
    if (known := verdict.coverage) is not None:
        share, flow = operators(known), verdict.run.flow
        parts.append(tr("{share} ({flow})", share=share, flow=flow) if flow else share)
    if line := summary_line(verdict.measurements):
        parts.append(line)
    if verdict.run.status != "done":
        parts.append(tr("the run was canceled") if verdict.run.status == "cancelled" else tr("the run failed"))
    if verdict.failing:
        count, level = len(verdict.failing), verdict.fail_on
        parts.append(tr("the check fails: {count} at or above --fail-on {level}", count=count, level=level))
    return sign("; ").join(parts) + sign(".")


_COUNTED = {
    Level.ERROR: (mark("{count} error"), mark("{count} errors")),
    Level.WARNING: (mark("{count} warning"), mark("{count} warnings")),
    Level.INFO: (mark("{count} info"), mark("{count} infos")),
}


def _counted(verdict: Verdict) -> str:
    told = [trn(count, *_COUNTED[level]) for level, count in verdict.counts.items() if count]
    if told:
        return every(told)
    if verdict.run.status != "done":
        return tr("No findings")
    return tr("No new findings") if len(verdict.judged) else tr("No findings, nothing to look at")


REPORT_FORMATS.add("text", ReportFormat(write, (".txt",)))
