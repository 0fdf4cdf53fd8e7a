"""An observer that saw no data: its range is empty and the scale will be 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.flows import Method
from qviz.document.graph import Kind, Node
from qviz.document.snapshot import Finding, Level, Stage

_BEFORE_DATA = ("loading", "checking", "capturing", "fusing", "preparing", "calibrating", "training")


@finds("never_calibrated")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each stage that has such observers, or what came of them where no observer is left."""
    stopped = evidence.snapshot.run.error
    if stopped is not None and stopped.step in ("calibrating", "training"):
        return  # what stopped is why they saw nothing
    error = evidence.snapshot.run.error
    if error is not None and error.step in _BEFORE_DATA:
        return  # the run stopped before they could see any
    empty: defaultdict[str, list[str]] = defaultdict(list)
    for stage, node, fact in evidence.watched():
        if fact.calibrated is False and not _is_run_by_convert(evidence, stage, node):
            empty[stage.name].append(node.id)
    for name, nodes in empty.items():
        yield _finding(name, nodes, _code(evidence, name, nodes))
    if evidence.prepared is None and evidence.converted is not None and (nodes := _fallen_back(evidence.converted)):
        yield _finding(evidence.converted.name, nodes, "never_calibrated.scale")


def _code(evidence: Evidence, stage: str, nodes: list[str]) -> str:
    """Return why they saw none: a dynamic flow brings no data, a train function may run no batch."""
    if evidence.flow is not None and evidence.flow.method is Method.DYNAMIC:
        return "never_calibrated.dynamic_flow"
    watched = {node.id: fact for at, node, fact in evidence.watched() if at.name == stage}
    if all(watched[each].observer_enabled is False for each in nodes):
        return "never_calibrated.turned_off"
    known = next(each for each in evidence.snapshot.stages if each.name == stage)
    of_data = [
        node.id for node in known.whole.nodes if node.id in watched and not _is_of_constants(evidence, known, node)
    ]
    if evidence.flow is not None and all(watched[each].calibrated in (False, None) for each in of_data):
        return "never_calibrated." + ("not_trained" if evidence.flow.is_training else "no_batch")
    return "never_calibrated.observer"


def _is_run_by_convert(evidence: Evidence, stage: Stage, node: Node) -> bool:
    """Return whether an observer watches a weight of a function in FX: dynamic flows bring no data, and need none."""
    return not evidence.is_exported and _is_of_constants(evidence, stage, node)


def _is_of_constants(evidence: Evidence, stage: Stage, node: Node) -> bool:
    index = evidence.index(stage)
    given = [index.nodes[each].kind for each in index.producers[node.id]]
    return bool(given) and all(each is Kind.CONSTANT for each in given)


def _fallen_back(stage: Stage) -> list[str]:
    """Return the quantizes with exactly the scale and zero point that torch falls back to."""
    return [
        node.id
        for node in stage.whole.nodes
        if node.kind is Kind.QUANTIZE
        and node.quant is not None
        and node.quant.output is not None
        and (node.quant.output.scale, node.quant.output.zero_point) == (1.0, 0)
    ]


def _finding(stage: str, nodes: list[str], code: str) -> Finding:
    return Finding(
        rule="never_calibrated",
        level=Level.WARNING,
        stage=stage,
        nodes=tuple(nodes),
        code=code,
        roles={"subject": tuple(nodes)},
    )
