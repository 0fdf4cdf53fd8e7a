"""Texts that came as texts, from documents of version 1: kept as they are, behind the code that says so."""

from __future__ import annotations

from qviz.document.graph import SourceLine, Why
from qviz.document.snapshot import Finding, Level, Link, Relation, RunError
from qviz.words.statement import KEPT


def kept_why(rule: str, evidence: str, api: str, roles: dict[str, tuple[str, ...]] | None = None) -> Why:
    """Return a reason whose words are given."""
    return Why(KEPT, roles or {}, {"rule": rule, "evidence": evidence}, api)


def kept_link(  # noqa: PLR0913, PLR0917 - the fields of a link of version 1
    from_stage: str,
    to_stage: str,
    from_ids: tuple[str, ...],
    to_ids: tuple[str, ...],
    relation: Relation,
    confidence: float,
    evidence: str,
    reason: str | None = None,
) -> Link:
    """Return a link whose words are given."""
    texts = {"evidence": evidence} | ({"reason": reason} if reason else {})
    return Link(from_stage, to_stage, from_ids, to_ids, relation, confidence, KEPT, {}, {**texts})


def kept_finding(
    rule: str, level: Level, stage: str, nodes: tuple[str, ...], message: str, reason: str, hint: str
) -> Finding:
    """Return a finding whose words are given."""
    return Finding(rule, level, stage, nodes, KEPT, {}, {"message": message, "reason": reason, "hint": hint})


def kept_error(
    step: str,
    type: str,  # noqa: A002 - the field's name
    message: str,
    hint: str,
    source: SourceLine | None = None,
    traceback: str | None = None,
) -> RunError:
    """Return a run's error whose words are given."""
    return RunError(step, type, KEPT, {}, {"message": message, "hint": hint}, source, traceback)
