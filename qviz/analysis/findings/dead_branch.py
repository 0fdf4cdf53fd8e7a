"""Something computed that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import QUANTIZABLE, function_name
from qviz.document.graph import Kind, Node
from qviz.document.snapshot import Finding, Level

_FILLS = frozenset(("update", "setdefault", "append", "extend", "insert", "pop", "popitem", "remove", "clear"))
"""Methods of dicts and lists: what they put into an argument of forward(), its caller reads."""

_OPERATORS = re.compile(
    r"__(set|del)item__|__i(add|sub|mul|matmul|truediv|floordiv|mod|pow|and|or|xor|lshift|rshift)__"
)
"""What Python calls for ``x[i] = y`` and ``x += y``."""


@finds("dead_branch")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the operators of the captured stage whose result goes nowhere, with what only they read."""
    stage = evidence.captured
    if stage is None or _is_no_trace(evidence):
        return
    index = evidence.index(stage)
    dead: set[str] = set()
    for node in reversed(stage.whole.nodes):
        if node.kind is Kind.OP and set(index.users[node.id]) <= dead and not _writes(node):
            dead.add(node.id)
    found = [node.id for node in stage.whole.nodes if node.id in dead]
    if any(QUANTIZABLE.fullmatch(function_name(index.nodes[each])) for each in found):
        yield Finding(
            rule="dead_branch",
            level=Level.WARNING,
            stage=stage.name,
            nodes=tuple(found),
            code="dead_branch",
            roles={"subject": tuple(found)},
        )


def _is_no_trace(evidence: Evidence) -> bool:
    """Tell whether the graph is one run, which does not show what Python reads, or the modules alone."""
    return any(each.rule in ("recorded_by_running", "drawn_as_modules") for each in evidence.snapshot.findings)


def _writes(node: Node) -> bool:
    """Return whether a node works in place, or checks something."""
    if node.op == "call_method" and (node.target in _FILLS or _OPERATORS.fullmatch(node.target)):
        return True
    name = node.target.removesuffix(".default").rpartition(".")[2] if node.op != "call_module" else ""
    base = node.target.split(".")[1] if node.target.startswith("aten.") else name
    inplace = node.kwargs.get("inplace") is True or (base.endswith("_") and not base.endswith("__"))
    return inplace or "assert" in base or base in ("setitem", "copy_", "iadd", "imul", "isub") or _in_place(node)


def _in_place(node: Node) -> bool:
    return node.module_type in ("ReLU", "ReLU6", "Hardswish", "Hardsigmoid", "SiLU", "Dropout") and not node.values
