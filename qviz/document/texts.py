"""The English texts in a file in addition to the data, for readers without qviz: derived, and never read back."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from qviz.document.comparison import Comparison, FloatOperators, FlowRow
from qviz.document.graph import Graph, Node, Record, Why
from qviz.document.snapshot import Finding, Link, RunError, Snapshot, Stage
from qviz.words import Statement, say
from qviz.words.language import ENGLISH


class _WrittenWhy(Why, frozen=True, kw_only=True):
    nodes: tuple[str, ...] = ()
    text: str = ""


class _WrittenLink(Link, frozen=True, kw_only=True):
    evidence: str = ""
    reason: str = ""


class _WrittenFinding(Finding, frozen=True, kw_only=True):
    message: str = ""
    reason: str = ""
    hint: str = ""


class _WrittenFloat(FloatOperators, frozen=True, kw_only=True):
    reason: str = ""


class _WrittenError(RunError, frozen=True, kw_only=True):
    message: str = ""
    hint: str = ""


def with_texts(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose reasons, links, findings and error also hold their English texts when it is encoded."""
    error = snapshot.run.error
    return replace(
        snapshot,
        run=replace(snapshot.run, error=_error(error)) if error is not None else snapshot.run,
        stages=tuple(_stage(each) for each in snapshot.stages),
        links=tuple(_link(each) for each in snapshot.links),
        findings=tuple(_finding(each) for each in snapshot.findings),
    )


def compared_with_texts(comparison: Comparison) -> Comparison:
    """Return a comparison whose errors and reasons of float operators also hold their English texts when encoded."""
    return replace(comparison, rows=tuple(_row(each) for each in comparison.rows))


def why_text(why: Statement) -> str:
    """Return a reason as one English text: the rule, then its evidence."""
    rule, evidence = say(why, "rule", ENGLISH), say(why, "evidence", ENGLISH)
    return f"{rule} ({evidence})" if evidence else rule


def _row(row: FlowRow) -> FlowRow:
    groups = tuple(_WrittenFloat(**_fields(each), reason=say(each, "text", ENGLISH)) for each in row.stays_float)
    return replace(row, stays_float=groups, error=_error(row.error) if row.error is not None else None)


def _stage(stage: Stage) -> Stage:
    inner = {key: _graph(each) for key, each in stage.subgraphs.items()} if stage.subgraphs else stage.subgraphs
    return replace(stage, graph=_graph(stage.graph), subgraphs=inner)


def _graph(graph: Graph) -> Graph:
    return replace(graph, nodes=tuple(_node(node) for node in graph.nodes))


def _node(node: Node) -> Node:
    why = node.why
    if why is None:
        return node
    return replace(node, why=_WrittenWhy(**_fields(why), nodes=why.nodes, text=why_text(why)))


def _link(link: Link) -> Link:
    return _WrittenLink(**_fields(link) | _said(link, "evidence", "reason"))


def _finding(finding: Finding) -> Finding:
    return _WrittenFinding(**_fields(finding) | _said(finding, "message", "reason", "hint"))


def _error(error: RunError) -> RunError:
    return _WrittenError(**_fields(error) | _said(error, "message", "hint"))


def _fields(record: Record) -> dict[str, Any]:
    """Return all fields of a record: one that is added later is written, too."""
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _said(statement: Statement, *parts: str) -> dict[str, Any]:
    return {part: say(statement, part, ENGLISH) for part in parts}
