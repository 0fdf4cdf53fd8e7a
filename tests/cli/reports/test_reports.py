"""The reports of `qviz check`, each read again as the programs that they are for read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from xml.etree import ElementTree

import msgspec
import pytest

from qviz.analysis.findings.catalog import CATALOG
from qviz.analysis.verdicts.verdict import Verdict, judge
from qviz.cli.reports import REPORT_FORMATS
from qviz.document.causes import reference
from qviz.document.graph import SourceLine
from qviz.document.kept import kept_error, kept_finding
from qviz.document.snapshot import Finding, Level, Snapshot
from tests.factories import baseline, node, snapshot, stage

FOLDER = Path("/work/project")
LINE = SourceLine("/work/project/nets/my net.py", 12, "return self.fc(x)")
OUTSIDE = SourceLine("/usr/lib/other.py", 3, "x = self.conv(x)")
ERROR = kept_finding(
    "not_lowered", Level.ERROR, "converted", ("fc", "conv"), "fc: no kernel", "unknown pattern", "Lower it."
)
WARNING = kept_finding("never_calibrated", Level.WARNING, "converted", ("obs",), "obs saw no data", "min is inf", "Do.")
INFO = kept_finding("mode_changed", Level.INFO, "converted", (), "the mode <changed> & so on\x1b", "", "")


def whole(*findings: Finding, **run: Any) -> Snapshot:
    converted = stage(
        "converted",
        node("x", kind="input"),
        node("conv", "x", kind="quantized_op", path="conv", type="Conv2d", source=OUTSIDE),
        node("obs", "conv", kind="observer", inferred_path="fc"),
        node("fc", "obs", path="fc", type="Linear", source=LINE),
    )
    return snapshot(converted, findings=findings, **run)


def verdict(*findings: Finding, accepted: tuple[Finding, ...] = (), fail_on: Any = "error", **run: Any) -> Verdict:
    run_of = whole(*findings, **run)
    return judge(run_of, fail_on, baseline(run_of, accepted) if accepted else None)


def sarif(judged: Verdict) -> dict[str, Any]:
    log = json.loads(REPORT_FORMATS["sarif"].write(judged, FOLDER))
    assert log["version"] == "2.1.0"
    assert urlparse(log["$schema"]).path.endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    check_required_parts(run)
    return run


def check_required_parts(run: dict[str, Any]) -> None:
    """Assert what the schema of SARIF 2.1.0 requires, and what services ask for beyond it."""
    driver = run["tool"]["driver"]
    assert driver["name"] == "qviz"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["help"]["text"].endswith(".")
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("error", "warning", "note")
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert all(isinstance(each, str) for each in result["partialFingerprints"].values())
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            place = location["physicalLocation"]
            assert " " not in place["artifactLocation"]["uri"]
            assert place["region"]["startLine"] >= 1
        for logical in result["locations"][0]["logicalLocations"]:
            assert logical["name"]
            assert logical["fullyQualifiedName"].startswith("converted")
    assert len({"suppressions" in result for result in run["results"]}) <= 1


def test_text_has_a_block_for_each_finding_and_a_line_of_totals():
    told = REPORT_FORMATS["text"].write(verdict(ERROR, WARNING), FOLDER)
    first, second, totals = told.strip().split("\n\n")
    assert first.splitlines() == [
        "error not_lowered: fc: no kernel",
        "  at converted: fc, conv",
        "  nets/my net.py:12: return self.fc(x)",
        "  /usr/lib/other.py:3: x = self.conv(x)",
        "  reason: unknown pattern",
        "  hint: Lower it.",
    ]
    assert "nets/my net.py:12" in second, "the line of the operator that the observer watches"
    assert totals == (
        "1 error, 1 warning; 1 of 2 operators run in low precision (fx-static); "
        "the check fails: 1 at or above --fail-on error."
    )


def test_text_names_the_option_that_a_hint_means():
    strict = Finding("captured_without_strict", Level.WARNING, "captured", (), "captured_without_strict")
    text = REPORT_FORMATS["text"].write(verdict(strict), FOLDER)
    assert "or choose non-strict capture to accept this. (--no-strict)" in text
    assert "--" not in strict.hint, "the window shows it too"


def test_text_without_findings_is_one_line():
    told = REPORT_FORMATS["text"].write(verdict(), FOLDER)
    assert told == "No findings, nothing to look at; 1 of 2 operators run in low precision (fx-static).\n"


def test_text_counts_what_is_accepted_and_names_what_is_stale():
    told = REPORT_FORMATS["text"].write(verdict(WARNING, accepted=(WARNING, ERROR, INFO)), FOLDER)
    assert "obs saw no data" not in told
    assert "the baseline lists it: not_lowered at converted: fc, conv\n" in told
    assert "the baseline lists it: mode_changed at converted: the mode" in told
    assert told.splitlines()[-1].startswith("No new findings; 1 accepted by the baseline; 1 of 2")


def test_what_follows_from_a_finding_is_told_under_it_and_counted_with_it():
    follows = msgspec.structs.replace(WARNING, because_of=reference(ERROR))
    judged = verdict(ERROR, follows, fail_on="warning")
    told = REPORT_FORMATS["text"].write(judged, FOLDER)
    assert "  as a result: warning never_calibrated: obs saw no data\n    at converted: obs\n" in told
    assert told.count("hint: ") == 1
    assert "\n\n1 error; " in told
    report = json.loads(REPORT_FORMATS["json"].write(judged, FOLDER))
    cause, consequence = report["findings"]
    assert (cause["because_of"], consequence["because_of"]) == (None, cause["fingerprint"])
    assert (report["totals"]["warning"], report["totals"]["failing"]) == (0, 1)


def test_text_cuts_long_lists():
    many = msgspec.structs.replace(ERROR, nodes=tuple(f"n{i}" for i in range(10)))
    assert "at converted: n0, n1, n2, n3, n4, n5, n6, n7 and 2 more\n" in REPORT_FORMATS["text"].write(
        verdict(many), FOLDER
    )


def test_json_has_everything():
    told = json.loads(REPORT_FORMATS["json"].write(verdict(ERROR, WARNING, INFO, accepted=(WARNING,)), FOLDER))
    assert (told["format"], told["version"], told["passed"], told["status"]) == ("qviz-check", 1, False, "done")
    assert told["totals"] == {"error": 1, "warning": 0, "info": 1, "accepted": 1, "failing": 1, "stale": 0}
    assert told["precision"] == {"stage": "converted", "low": 1, "total": 2}
    assert [(each["rule"], each["accepted"], each["fails"]) for each in told["findings"]] == [
        ("not_lowered", False, True),
        ("never_calibrated", True, False),
        ("mode_changed", False, False),
    ]
    assert told["findings"][0]["sources"][0] == {"file": "nets/my net.py", "line": 12, "code": "return self.fc(x)"}


def test_sarif_puts_findings_at_lines():
    run = sarif(verdict(ERROR, WARNING, INFO))
    error, warning, note = run["results"]
    assert [each["level"] for each in run["results"]] == ["error", "warning", "note"]
    place = error["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "nets/my%20net.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 12, "snippet": {"text": "return self.fc(x)"}}
    names = [each["fullyQualifiedName"] for each in error["locations"][0]["logicalLocations"]]
    assert names == ["converted", "converted.fc", "converted.conv"]
    related = error["relatedLocations"][0]["physicalLocation"]
    assert related["artifactLocation"] == {"uri": "file:///usr/lib/other.py"}
    assert warning["locations"][0]["physicalLocation"]["region"]["startLine"] == 12
    assert note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///usr/lib/other.py"
    assert error["message"]["text"] == "Fc: no kernel. Unknown pattern. Lower it."


def test_sarif_puts_a_finding_about_the_model_into_its_file():
    run = sarif(verdict(INFO, source="nets/my net.py:make(depth=18)"))
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "nets/my%20net.py", "uriBaseId": "%SRCROOT%"}


def test_sarif_fingerprints_stay_when_lines_and_the_order_of_nodes_change():
    def marks(snap: Snapshot) -> list[Any]:
        return [each["partialFingerprints"] for each in sarif(judge(snap, "error"))["results"]]

    before = whole(ERROR, WARNING)
    moved = msgspec.structs.replace(LINE, line=99)
    nodes = [
        msgspec.structs.replace(n, source=moved if n.id == "fc" else n.source) for n in before.stages[0].graph.nodes
    ]
    turned = msgspec.structs.replace(ERROR, nodes=("conv", "fc"))
    after = snapshot(stage("converted", *nodes), findings=(turned, WARNING))
    assert sarif(judge(after, "error"))["results"][1]["locations"][0]["physicalLocation"]["region"]["startLine"] == 99
    assert marks(before) == marks(after)
    assert marks(before)[0] != marks(before)[1]


def test_sarif_suppresses_what_is_accepted():
    run = sarif(verdict(ERROR, WARNING, accepted=(WARNING,)))
    assert [len(each["suppressions"]) for each in run["results"]] == [0, 1]
    assert run["results"][1]["suppressions"][0]["kind"] == "external"


def test_sarif_of_a_failed_run_says_so():
    error = kept_error("prepare", "TraceError", "branches on data", "Use torch.cond.", LINE)
    (invocation,) = sarif(verdict(status="failed", error=error))["invocations"]
    assert not invocation["executionSuccessful"]
    (place,) = invocation["toolExecutionNotifications"][0]["locations"]
    assert place["physicalLocation"]["region"]["startLine"] == 12
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "Prepare failed: branches on data"


def junit(judged: Verdict) -> ElementTree.Element:
    return ElementTree.fromstring(REPORT_FORMATS["junit"].write(judged, FOLDER).encode())


def test_junit_has_a_case_for_each_rule():
    root = junit(verdict(ERROR, WARNING, INFO))
    cases = {each.get("name"): each for each in root.iter("testcase")}
    assert set(CATALOG) < set(cases)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == (str(len(cases)), "1", "0")
    assert [name for name, case in cases.items() if case.find("failure") is not None] == ["not_lowered"]
    failed = cases["not_lowered"]
    assert (failed.get("file"), failed.get("line")) == ("nets/my net.py", "12")
    assert "hint: Lower it." in (failed.findtext("failure") or "")
    assert "obs saw no data" in (cases["never_calibrated"].findtext("system-out") or "")
    assert "<changed> & so on\\x1b" in (cases["mode_changed"].findtext("system-out") or "")


@pytest.mark.parametrize(("fail_on", "failures"), [("never", 0), ("error", 1), ("warning", 2), ("info", 3)])
def test_junit_fails_at_or_above_the_level(fail_on, failures):
    assert junit(verdict(ERROR, WARNING, INFO, fail_on=fail_on)).get("failures") == str(failures)


def test_junit_joins_the_findings_of_one_rule():
    other = msgspec.structs.replace(ERROR, nodes=("conv",), args={**ERROR.args, "message": "conv: no kernel"})
    root = junit(verdict(ERROR, other))
    (failure,) = root.iter("failure")
    assert failure.get("message") == "fc: no kernel (and 1 more)"
    assert "conv: no kernel" in (failure.text or "")


def test_junit_of_a_failed_run_has_an_error():
    error = kept_error("prepare", "TraceError", "branches on data", "Use torch.cond.", LINE)
    root = junit(verdict(status="failed", error=error))
    assert root.get("errors") == "1"
    (element,) = root.iter("error")
    (case,) = (each for each in root.iter("testcase") if each.find("error") is not None)
    assert (case.get("file"), case.get("line")) == ("nets/my net.py", "12")
    assert (element.get("message"), element.text) == ("Prepare failed: branches on data", "Use torch.cond.")


def test_a_rule_that_this_qviz_does_not_know_is_reported_too():
    newer = msgspec.structs.replace(ERROR, rule="from_the_future")
    run = sarif(verdict(newer))
    assert run["tool"]["driver"]["rules"][-1]["id"] == "from_the_future"
    assert junit(verdict(newer)).find(".//testcase[@name='from_the_future']/failure") is not None


def test_the_totals_of_a_failed_run_say_so():
    assert REPORT_FORMATS["text"].write(verdict(status="failed"), FOLDER).startswith("No findings; ")
    assert "; the run failed." in REPORT_FORMATS["text"].write(verdict(status="failed"), FOLDER)
    assert "; the run was canceled." in REPORT_FORMATS["text"].write(verdict(status="cancelled"), FOLDER)


def test_the_same_run_gives_the_same_bytes():
    for write in (each.write for each in REPORT_FORMATS.values()):
        assert write(verdict(ERROR, WARNING, INFO), FOLDER) == write(verdict(ERROR, WARNING, INFO), FOLDER)
