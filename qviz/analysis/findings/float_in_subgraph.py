"""Operators that stay in float because a higher-order operator calls the graph in which they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_weighted
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level

_MODES = ("origin.no_grad", "origin.enable_grad", "origin.autocast", "origin.autograd_function")


@finds("float_in_subgraph")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each operator and cause; where no weight stays in float, it is an information."""
    stage = evidence.converted
    if stage is None or stage.subgraphs is None:
        return
    nodes = evidence.index(stage).nodes
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    causes: dict[tuple[str, str], Json] = {}
    for node_id in evidence.precision.float:
        why = nodes[node_id].why
        if why is not None and why.code == "float.in_subgraph":
            cause = why.args.get("cause")
            code = str(cause["code"]) if isinstance(cause, dict) else ""
            found[str(why.args["operator"]), code].append(node_id)
            causes.setdefault((str(why.args["operator"]), code), cause)
    for (operator, code), ids in found.items():
        cause = causes[operator, code]
        is_costly = any(is_weighted(nodes[each]) for each in ids)
        variant = code.removeprefix("origin.") if code in _MODES else "control_flow"
        if variant == "no_grad" and evidence.flow is not None and evidence.flow.is_training:
            variant = "no_grad_in_training"
        yield Finding(
            rule="float_in_subgraph",
            level=Level.WARNING if is_costly else Level.INFO,
            stage=stage.name,
            nodes=tuple(ids),
            code=f"float_in_subgraph.{variant}",
            roles={"subject": tuple(ids)},
            args={"operator": operator, **({"cause": cause} if cause is not None else {})},
        )
