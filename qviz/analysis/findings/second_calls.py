"""A converted model that gives other outputs when it is called again: random numbers, or a state that it lost."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings import damage
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Json
from qviz.document.measurements import SecondCalls
from qviz.document.snapshot import Finding, Level

_WORSE_BY_DB = 6.0
"""A second call that is no further from the original than this, beside the first, is as good."""


@finds("not_repeatable", "state_lost")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield that two equal calls differ, or that a second one departs from float."""
    measured = evidence.snapshot.measurements
    stage = evidence.converted
    if measured is None or measured.repeat is None or stage is None:
        return
    repeat, limits = measured.repeat, damage.thresholds(measured)
    differs = _differs(repeat)
    if differs is not None:
        at = damage.level(repeat.converted, limits) if differs == "not_repeatable.converted" else Level.INFO
        args: dict[str, Json] = {"db": repeat.converted}
        nodes = tuple(repeat.random)
        roles = {"subject": nodes} if nodes else {}
        yield Finding("not_repeatable", at, stage.name, nodes, differs, roles, args, () if nodes else ("model",))
    elif _is_lost(repeat):
        lost: dict[str, Json] = {"db": repeat.second, "first_db": repeat.first}
        if repeat.state:
            lost["buffers"] = [*repeat.state]
        if repeat.attributes:
            lost["attributes"] = [*repeat.attributes]
        code = "state_lost.attributes" if repeat.attributes else "state_lost.buffers" if repeat.state else "state_lost"
        yield Finding("state_lost", damage.level(repeat.second, limits), stage.name, (), code, {}, lost, ("model",))


def _differs(repeat: SecondCalls) -> str | None:
    if repeat.converted is None:
        return None  # outputs that are not finite have no distance
    if repeat.is_random:
        return "not_repeatable.both" if repeat.converted != "inf" else "not_repeatable.original"
    return "not_repeatable.converted" if repeat.original == "inf" and repeat.converted != "inf" else None


def _is_lost(repeat: SecondCalls) -> bool:
    """Return whether the original keeps something between calls, and the converted model does worse at it."""
    if repeat.original in (None, "inf") or repeat.second is None or repeat.first is None:
        return False
    return float(repeat.second) < float(repeat.first) - _WORSE_BY_DB
