"""The verdict for people: a block for each finding, then one line of totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qviz.analysis.verdicts.verdict import Judged, Verdict
from qviz.cli.reports.paths import shown
from qviz.document.baseline import Accepted

MAX_NODES = 8
MAX_LINES = 4


def write(verdict: Verdict, folder: Path) -> str:
    """Return the report as text."""
    blocks = ["\n".join(block(each, folder)) for each in verdict.open]
    stale = "\n".join(f"no longer found, though the baseline has it: {stale_text(each)}" for each in verdict.stale)
    return "\n\n".join(part for part in (*blocks, stale, totals(verdict)) if part) + "\n"


def block(judged: Judged, folder: Path) -> Iterator[str]:
    """Yield the lines of one finding."""
    finding = judged.finding
    yield f"{finding.level.value} {finding.rule}: {finding.message}"
    yield f"  at {place(finding.stage, finding.nodes)}"
    for line in judged.sources[:MAX_LINES]:
        yield f"  {shown(line.file, folder)}:{line.line}: {line.code}".rstrip(": ")
    if len(judged.sources) > MAX_LINES:
        yield f"  and {len(judged.sources) - MAX_LINES} more lines"
    if finding.reason:
        yield f"  reason: {finding.reason}"
    if finding.hint:
        yield f"  hint: {finding.hint}"


def place(stage: str, nodes: Sequence[str]) -> str:
    """Return stage and nodes in words, the first few of many."""
    if not nodes:
        return stage
    more = f" and {len(nodes) - MAX_NODES} more" if len(nodes) > MAX_NODES else ""
    return f"{stage}: {', '.join(nodes[:MAX_NODES])}{more}"


def stale_text(entry: Accepted) -> str:
    """Return an entry of the baseline in words."""
    return f"{entry.rule} at {place(entry.stage, entry.nodes)}" + ("" if entry.nodes else f": {entry.message}")


def totals(verdict: Verdict) -> str:
    """Return the last line: what there is, how much is quantized, and whether the check fails."""
    parts = [_counted(verdict)]
    accepted = len(verdict.judged) - len(verdict.open)
    if accepted:
        parts.append(f"{accepted} accepted by the baseline")
    if verdict.coverage:
        share = f"{verdict.coverage.low} of {verdict.coverage.total} operators run in low precision"
        parts.append(f"{share} ({verdict.run.flow})" if verdict.run.flow else share)
    if verdict.run.status != "done":
        parts.append(f"the run {'was cancelled' if verdict.run.status == 'cancelled' else 'failed'}")
    if verdict.failing:
        parts.append(f"the check fails: {len(verdict.failing)} at or above --fail-on {verdict.fail_on}")
    return "; ".join(parts) + "."


def _counted(verdict: Verdict) -> str:
    counts = {level.value: count for level, count in verdict.counts.items() if count}
    told = [f"{count} {level}{'s' if count > 1 and level != 'info' else ''}" for level, count in counts.items()]
    if told:
        return ", ".join(told)
    if verdict.run.status != "done":
        return "No findings"
    return "No new findings" if len(verdict.judged) else "No findings, nothing to look at"
