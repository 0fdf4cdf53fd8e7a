"""Loads the finding rules of the user's project and asks them; this runs the user's code, as loading a model does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import FindingRule
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.failures import line_of
from qviz.engine.loading.importing import import_name
from qviz.errors import QvizError
from qviz.sources.own_rules import ListedRules, listed_rules
from qviz.sources.text import read_name
from qviz.words import tr

RULE = "own_rule_failed"


class OwnRules(NamedTuple):
    """The rules of one run.

    Attributes:
        names: As the project lists them; for the record of the run.
        rules: Those that could be loaded; each says itself what stopped it.
        findings: One for each that could not.
    """

    names: tuple[str, ...]
    rules: tuple[FindingRule, ...]
    findings: tuple[Finding, ...]


def load_own_rules(source: str) -> OwnRules:
    """Import the rules that the project of a source lists; the user agreed to run its code.

    A rule that cannot be loaded, or that raises when it is asked, is a finding and stops nothing.
    """
    listed = listed_rules(source)
    if listed is None:
        return OwnRules((), (), ())
    if listed.fault:
        return OwnRules((), (), (_failed("unreadable", listed.file.name, listed, text=listed.fault),))
    rules: list[FindingRule] = []
    findings: list[Finding] = []
    for target in listed.targets:
        try:
            rules.append(_Guarded(target, listed, _load(target, listed.file.parent)))
        except QvizError as error:
            findings.append(_failed("not_loaded", target, listed, text=error.message))
    return OwnRules(listed.targets, tuple(rules), tuple(findings))


def _load(target: str, folder: Path) -> FindingRule:
    name = read_name(target)
    if name.is_file:
        name = name._replace(place=str(folder / name.place))
    _, found = import_name(name, "rule", folder)
    if not callable(found):
        raise QvizError(tr("{target} is a {type}, not a function", target=target, type=type(found).__name__))
    return found  # type: ignore[no-any-return] # what it gives is checked when it is asked


class _Guarded:
    """A rule of the user's, whose faults are findings."""

    def __init__(self, target: str, listed: ListedRules, rule: FindingRule) -> None:
        self._target, self._listed, self._rule = target, listed, rule

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what the rule finds, checked; at the first fault, what that was."""
        try:
            for each in self._rule(evidence) or ():
                yield _checked(each, evidence)
        except (Exception, SystemExit) as error:  # the user's rule may raise anything
            where = line_of(error)
            line: dict[str, Json] = {"file": Path(where.file).name, "line": where.line} if where else {}
            text = str(error).strip().partition("\n")[0]
            yield _failed("raised", self._target, self._listed, type=type(error).__name__, text=text, **line)


def _checked(finding: object, evidence: Evidence) -> Finding:
    """Return a finding that can be written and shown.

    Raises:
        TypeError: It is no finding.
        ValueError: It speaks of a stage or a node that the run does not have.
    """
    if not isinstance(finding, Finding):
        raise TypeError(f"a rule yields findings, not a {type(finding).__name__}")
    whole = msgspec.convert(msgspec.to_builtins(finding), Finding)
    stage = next((each for each in evidence.snapshot.stages if each.name == whole.stage), None)
    if stage is None:
        raise ValueError(f"the run has no stage {whole.stage!r}")
    nodes = evidence.index(stage).nodes
    for node in whole.nodes:
        if node not in nodes:
            raise ValueError(f"the stage {whole.stage} has no node {node!r}")
    return whole


def _failed(kind: str, name: str, listed: ListedRules, **args: Json) -> Finding:
    told: dict[str, Json] = {"name": name, "project": listed.file.name, **args}
    return Finding(RULE, Level.WARNING, "captured", (), f"own_rule_failed.{kind}", {}, told, (name,))
