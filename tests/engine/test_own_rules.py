"""Rules of the user's project: what they find, and what becomes of their faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from qviz.analysis.findings import find
from qviz.document import codec
from qviz.document.snapshot import Finding
from qviz.engine.loading.importing import forget
from qviz.engine.loading.own_rules import load_own_rules
from tests.factories import snapshot
from tests.words.rendering import unfilled

ROOT = Path(__file__).parents[2]
HEAD = "from qviz import Evidence, Finding, Level\n"
LARGE = (
    HEAD
    + """
def large(evidence):
    stage = evidence.captured
    yield Finding.of("large_linear", Level.WARNING, stage.name, ["fc"], message="fc is large", hint="Make it smaller.")
"""
)


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    yield
    forget()


def found(tmp_path: Path, code: str, target: str = "checks_of_mine:large") -> tuple[Finding, ...]:
    """Return what comes of one rule beside the findings of qviz itself."""
    (tmp_path / "pyproject.toml").write_text(f'[tool.qviz]\nrules = ["{target}"]\n', encoding="utf-8")
    (tmp_path / "checks_of_mine.py").write_text(code, encoding="utf-8")
    own = load_own_rules("net.py:Net")
    assert own.names == (target,)
    made = find(snapshot(findings=own.findings), own.rules)
    usual = {each.code for each in find(snapshot())}
    findings = tuple(each for each in made if each.code not in usual)
    assert [missing for each in findings for missing in unfilled(each)] == []
    return findings


@pytest.mark.parametrize("target", ["checks_of_mine:large", "checks_of_mine.py:large"])
def test_a_rule_finds_in_its_own_words(tmp_path: Path, target: str):
    (finding,) = found(tmp_path, LARGE, target)
    assert (finding.rule, finding.nodes, finding.level.value) == ("large_linear", ("fc",), "warning")
    assert (finding.message, finding.reason, finding.hint) == ("fc is large", "", "Make it smaller.")
    codec.save(snapshot(findings=[finding]), tmp_path / "review.qviz")
    assert codec.load(tmp_path / "review.qviz").findings == (finding,)


def test_the_example_of_the_documentation_runs(tmp_path: Path):
    from qviz import Evidence

    assert Evidence.__doc__ is not None
    lines = Evidence.__doc__.split("::\n", 1)[1].split("Attributes:")[0].splitlines()
    code = "\n".join(line.removeprefix(" " * 8) for line in lines)
    assert code.strip() in (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert found(tmp_path, code, "checks_of_mine:large_linear_in_float") == ()


FAULTS = {
    "def large(evidence):\n    raise KeyError('gone')": ("raised", "KeyError", 2),
    "def large(evidence):\n    raise SystemExit(3)": ("raised", "SystemExit", 2),
    "def large(evidence):\n    return ['text']": ("raised", "TypeError", None),
    "def large(evidence):\n    return 3": ("raised", "TypeError", None),
    LARGE.replace('["fc"]', '["gone"]'): ("raised", "ValueError", None),
    LARGE.replace("stage.name", '"gone"'): ("raised", "ValueError", None),
    LARGE.replace('["fc"]', "[3]"): ("raised", "ValidationError", None),
    "large = 3": ("not_loaded", None, None),
    "small = 3": ("not_loaded", None, None),
    "import gone_for_good": ("not_loaded", None, None),
    "def large(:": ("not_loaded", None, None),
}


@pytest.mark.parametrize(("code", "expected"), FAULTS.items(), ids=range(len(FAULTS)))
def test_a_fault_of_a_rule_is_a_finding_that_names_it(tmp_path: Path, code: str, expected):
    (finding,) = found(tmp_path, code)
    kind, type_, line = expected
    assert (finding.rule, finding.code) == ("own_rule_failed", f"own_rule_failed.{kind}")
    assert (finding.args.get("type"), finding.args.get("line")) == (type_, line)
    assert "checks_of_mine:large" in finding.message
    assert finding.place == ("checks_of_mine:large",)


def test_what_a_rule_found_before_its_fault_stays(tmp_path: Path):
    findings = found(tmp_path, LARGE + "    raise KeyError\n")
    assert [each.rule for each in findings] == ["own_rule_failed", "large_linear"]


def test_a_saved_rule_is_read_again(tmp_path: Path):
    assert [each.message for each in found(tmp_path, LARGE)] == ["fc is large"]
    forget()
    changed = LARGE.replace("fc is large", "fc is much too large")
    assert [each.message for each in found(tmp_path, changed)] == ["fc is much too large"]
