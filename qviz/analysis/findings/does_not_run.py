"""A converted graph that stopped when it was measured; what eager mode converts is run by the engine itself."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.kernel_errors import cause_of
from qviz.document.snapshot import Finding, Level

_NOTE = "not_measured.converted"
_EVERYWHERE = frozenset(("refused_by_qnnpack", "view", "lstm_projection", "weight_is_method"))
"""Causes whose hint holds without stubs, too; for the others a stub is the remedy, which graphs have not."""


@finds("converted_does_not_run")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield that the converted model raised an exception on the data of the measurement, and at which node."""
    measured, run = evidence.snapshot.measurements, evidence.snapshot
    known = {each.rule for each in run.findings}
    if measured is None or known & {"converted_does_not_run", "sizes_fixed_by_lowering"}:
        return
    for note in measured.not_measured:
        text = str(note.args.get("text", ""))
        cause = cause_of(text)
        if note.code == _NOTE and cause != "float_into_quantized":  # another rule tells it, and it may be wanted
            nodes = tuple(note.roles.get("subject", ()))
            cause = cause if cause in _EVERYWHERE else "on_data"
            roles = {"subject": nodes} if nodes else {}
            args = {"type": note.args["type"], "text": text}
            place = () if nodes else ("model",)
            code = f"converted_does_not_run.{cause}"
            yield Finding("converted_does_not_run", Level.ERROR, run.stages[-1].name, nodes, code, roles, args, place)
