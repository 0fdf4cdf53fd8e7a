"""The verdict as a JSON object for programs; docs/check.md says what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from qviz.analysis.ledger.data import levels
from qviz.analysis.verdicts.verdict import Judged, Verdict
from qviz.cli.reports.formats import REPORT_FORMATS, ReportFormat
from qviz.cli.reports.paths import shown
from qviz.document.causes import reference
from qviz.document.graph import Json, SourceLine
from qviz.document.snapshot import FindingReference

VERSION = 1


def write(verdict: Verdict, folder: Path) -> str:
    """Return the report as JSON."""
    return json.dumps(_report(verdict, folder), indent=2, ensure_ascii=False) + "\n"


def _report(verdict: Verdict, folder: Path) -> dict[str, Json]:
    run, error, measured = verdict.run, verdict.run.error, verdict.measurements
    fingerprints = {reference(each.finding): each.fingerprint for each in verdict.judged}
    stopped: Json = None
    if error is not None:
        at = [_source(error.source, folder)] if error.source else []
        stopped = {
            "step": error.step,
            "type": error.type,
            "message": error.message,
            "hint": error.hint,
            "remedy": error.args.get("patch"),
            "nodes": list(error.roles.get("subject", ())),
            "module": error.args.get("module"),
            "sources": at,
        }
    stale: list[Json] = [
        {"rule": each.rule, "stage": each.stage, "nodes": list(each.nodes), "message": each.message}
        for each in verdict.stale
    ]
    return {
        "format": "qviz-check",
        "version": VERSION,
        "source": run.source,
        "flow": run.flow,
        "status": run.status,
        "passed": run.status == "done" and not verdict.failing,
        "fail_on": verdict.fail_on,
        "totals": {
            **{level.value: count for level, count in verdict.counts.items()},
            "accepted": len(verdict.judged) - len(verdict.open),
            "failing": len(verdict.failing),
            "stale": len(verdict.stale),
        },
        "precision": _precision(verdict),
        "coverage": verdict.coverage.shares() if verdict.coverage is not None else None,
        "output_sqnr_db": levels(measured.sqnr_db) if measured is not None and measured.sqnr_db is not None else None,
        "findings": [_finding(each, fingerprints, folder) for each in verdict.judged],
        "stale": stale,
        "error": stopped,
    }


def _precision(verdict: Verdict) -> Json:
    known = verdict.coverage
    return {"stage": known.stage, "low": known.low, "total": known.total} if known is not None else None


def _finding(judged: Judged, fingerprints: Mapping[FindingReference, str], folder: Path) -> Json:
    finding = judged.finding
    because_of = finding.because_of
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "stage": finding.stage,
        "nodes": list(finding.nodes),
        "message": finding.message,
        "reason": finding.reason,
        "hint": finding.hint,
        "remedy": finding.args.get("patch"),
        "fingerprint": judged.fingerprint,
        "because_of": fingerprints.get(because_of) if because_of is not None else None,
        "accepted": judged.accepted,
        "new_nodes": list(judged.new),
        "fails": judged.fails,
        "sources": [_source(each, folder) for each in judged.sources],
    }


def _source(line: SourceLine, folder: Path) -> Json:
    return {"file": shown(line.file, folder), "line": line.line, "code": line.code}


REPORT_FORMATS.add("json", ReportFormat(write, (".json",)))
