"""The verdict as JUnit XML, which nearly every CI service shows: a test case for each rule, and one for the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from qviz.analysis.findings.catalog import known_rules
from qviz.analysis.verdicts.verdict import Judged, Verdict
from qviz.cli.reports.formats import REPORT_FORMATS, ReportFormat
from qviz.cli.reports.paths import shown
from qviz.cli.reports.text import block, stale_text, stopped, totals
from qviz.document.graph import SourceLine
from qviz.words import tr
from qviz.words.visible import visible

RUNS = "the flow runs to its end"


def write(verdict: Verdict, folder: Path) -> str:
    """Return the report as JUnit XML."""
    suite = Element("testsuite", name=_clean(f"qviz {verdict.run.source} {verdict.run.flow}".rstrip()))
    _run_case(suite, verdict, folder)
    for rule in known_rules(tuple(each.finding.rule for each in verdict.judged)):
        _rule_case(suite, rule.id, verdict, folder)
    said = [totals(verdict), *(tr("no longer found: {finding}", finding=stale_text(each)) for each in verdict.stale)]
    SubElement(suite, "system-out").text = _clean("\n".join(said))
    root = Element("testsuites", name="qviz")
    root.append(suite)
    for element in (root, suite):
        _count(element, suite)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _count(element: Element, suite: Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error")):
        element.set(name, str(len(suite.findall(tag))))
    element.set("skipped", "0")


def _case(suite: Element, name: str, verdict: Verdict) -> Element:
    return SubElement(suite, "testcase", classname=_clean(f"qviz.{verdict.run.flow or 'captured'}"), name=_clean(name))


def _run_case(suite: Element, verdict: Verdict, folder: Path) -> None:
    case, error = _case(suite, RUNS, verdict), verdict.run.error
    if verdict.run.status == "done":
        return
    told = stopped(verdict.run)
    element = SubElement(case, "error", message=_clean(told), type=_clean(error.type if error else "Cancelled"))
    element.text = _clean(error.hint if error else "")
    if error and error.source:
        _set_line(case, error.source, folder)


def _rule_case(suite: Element, rule: str, verdict: Verdict, folder: Path) -> None:
    case = _case(suite, rule, verdict)
    found = [each for each in verdict.judged if each.finding.rule == rule]
    failing = [each for each in found if each.fails]
    if line := next((each.sources[0] for each in (*failing, *found) if each.sources), None):
        _set_line(case, line, folder)
    if failing:  # one element for all: most readers show the first only
        first = failing[0].finding
        message = first.message
        if len(failing) > 1:
            message = tr("{message} (and {count} more)", message=message, count=len(failing) - 1)
        SubElement(case, "failure", message=_clean(message), type=first.level.value).text = _blocks(failing, folder)
    if passing := [each for each in found if not each.fails]:
        SubElement(case, "system-out").text = _blocks(passing, folder)


def _set_line(case: Element, line: SourceLine, folder: Path) -> None:
    case.set("file", _clean(shown(line.file, folder)))
    case.set("line", str(line.line))


def _blocks(judged: Sequence[Judged], folder: Path) -> str:
    accepted = {True: ["  " + tr("accepted by the baseline")], False: []}
    return _clean("\n\n".join("\n".join([*block(each, folder), *accepted[each.accepted]]) for each in judged))


def _clean(text: str) -> str:
    """Return a text that XML can hold; ElementTree escapes its markup, and lets through what nobody sees."""
    return visible(text)


REPORT_FORMATS.add("junit", ReportFormat(write, (".xml",)))
