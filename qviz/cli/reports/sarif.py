"""The verdict as SARIF 2.1.0, which code scanning services show at the lines of a change.

A service may refuse a whole file for one result without a file, so findings that speak of the whole
model are put at the first line of the model's file.
"""

from __future__ import annotations

import json
from pathlib import Path

from qviz.analysis.findings.catalog import RuleText, known_rules
from qviz.analysis.ledger import output_line
from qviz.analysis.ledger.data import levels
from qviz.analysis.verdicts.verdict import Judged, Verdict
from qviz.cli.reports.formats import REPORT_FORMATS, ReportFormat
from qviz.cli.reports.paths import inside, uri
from qviz.cli.reports.text import stopped
from qviz.document.graph import Json, SourceLine
from qviz.document.snapshot import Finding, Level
from qviz.version import __version__
from qviz.words import tr
from qviz.words.formats import sentence
from qviz.words.untrusted import Untrusted

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
FINGERPRINT = "qvizFinding/v1"
MAX_RELATED = 20


def write(verdict: Verdict, folder: Path) -> str:
    """Return the report as SARIF."""
    log: Json = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(verdict, folder)]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _run(verdict: Verdict, folder: Path) -> Json:
    rules = known_rules(tuple(each.finding.rule for each in verdict.judged))
    places = {rule.id: index for index, rule in enumerate(rules)}
    driver: Json = {"name": "qviz", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    return {
        "tool": {"driver": driver},
        # What stands before the last slash tells the runs of several flows and models apart.
        "automationDetails": {"id": f"qviz/{verdict.run.flow}/{verdict.run.source}/"},
        "invocations": [_invocation(verdict, folder)],
        "results": [_result(each, places[each.finding.rule], verdict, folder) for each in verdict.judged],
        **_properties(verdict),
    }


def _properties(verdict: Verdict) -> dict[str, Json]:
    measured = verdict.measurements
    if measured is None or measured.sqnr_db is None:
        return {}
    return {"properties": {"outputSqnrDb": levels(measured.sqnr_db), "measured": output_line(measured)}}


def _rule(rule: RuleText) -> Json:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("_")),
        "shortDescription": {"text": Untrusted(rule.what).sarif},
        "fullDescription": {"text": Untrusted(rule.what).sarif},
        "help": {"text": Untrusted(rule.advice).sarif},
    }


def _invocation(verdict: Verdict, folder: Path) -> Json:
    if verdict.run.status == "done":
        return {"executionSuccessful": True}
    error = verdict.run.error
    notification: dict[str, Json] = {"level": "error", "message": {"text": Untrusted(stopped(verdict.run)).sarif}}
    if error and error.source:
        notification["locations"] = [{"physicalLocation": _physical(error.source, folder)}]
    return {"executionSuccessful": False, "toolExecutionNotifications": [notification]}


def _result(judged: Judged, rule_index: int, verdict: Verdict, folder: Path) -> Json:
    finding = judged.finding
    result: dict[str, Json] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": LEVELS[finding.level],
        "message": {"text": _sentences(finding)},
        "locations": [_location(judged, verdict, folder)],
        "partialFingerprints": {FINGERPRINT: judged.fingerprint},
    }
    if len(judged.sources) > 1:
        related = judged.sources[1 : MAX_RELATED + 1]
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(each, folder)} for number, each in enumerate(related, 1)
        ]
    if verdict.has_baseline:  # either all results say whether they are suppressed, or none
        why: Json = {"kind": "external", "justification": tr("accepted by the baseline")}
        result["suppressions"] = [why] if judged.accepted else []
    return result


def _sentences(finding: Finding) -> str:
    told = (finding.message, finding.reason, finding.hint)
    return Untrusted(" ".join(sentence(text) for text in told if text)).sarif


def _location(judged: Judged, verdict: Verdict, folder: Path) -> Json:
    location: dict[str, Json] = {}
    if judged.sources:
        location["physicalLocation"] = _physical(judged.sources[0], folder)
    elif verdict.model_file:
        location["physicalLocation"] = _physical(SourceLine(verdict.model_file, 1, ""), folder)
    location["logicalLocations"] = _logical(judged)
    return location


def _physical(line: SourceLine, folder: Path) -> Json:
    physical: dict[str, Json] = {"artifactLocation": _artifact(line.file, folder)}
    if line.line > 0:
        region: dict[str, Json] = {"startLine": line.line}
        if line.code:
            region["snippet"] = {"text": line.code}
        physical["region"] = region
    return physical


def _artifact(file: str, folder: Path) -> Json:
    relative = inside(file, folder)
    return {"uri": uri(file)} if relative is None else {"uri": relative, "uriBaseId": "%SRCROOT%"}


def _logical(judged: Judged) -> list[Json]:
    finding = judged.finding
    stage: Json = {"name": finding.stage, "fullyQualifiedName": finding.stage, "kind": "module"}
    nodes: list[Json] = [
        {"name": each, "fullyQualifiedName": f"{finding.stage}.{each}", "kind": "object"}
        for each in judged.new or finding.nodes
    ]
    return [stage, *nodes]


REPORT_FORMATS.add("sarif", ReportFormat(write, (".sarif",)))
