"""A converted graph that stopped when it was measured; what eager mode converts is run by the engine itself."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.snapshot import Finding, Level

_NOTE = "not_measured.converted"
_KNOWN = (
    ("pytorch_qnnp_status_success", "refused_by_qnnpack"),  # the assertion that fails where QNNPACK makes no operator
    ("view size is not compatible", "view"),
    ("rows in the packB should be equal to K", "lstm_projection"),
)
"""Why a graph of quantized operators stops, by a part of torch's error."""
_FLOAT_INPUT = "Could not run 'quantized::"
"""A quantized operator got a float tensor, which another rule tells, and which may be what the user asked for."""


@finds("converted_does_not_run")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield that the converted model raised an exception on the data of the measurement, and at which node."""
    measured, run = evidence.snapshot.measurements, evidence.snapshot
    known = {each.rule for each in run.findings}
    if measured is None or known & {"converted_does_not_run", "sizes_fixed_by_lowering"}:
        return
    for note in measured.not_measured:
        text = str(note.args.get("text", ""))
        if note.code == _NOTE and not text.startswith(_FLOAT_INPUT):
            nodes = tuple(note.roles.get("subject", ()))
            cause = next((cause for sign, cause in _KNOWN if sign in text), "on_data")
            roles = {"subject": nodes} if nodes else {}
            args = {"type": note.args["type"], "text": text}
            place = () if nodes else ("model",)
            code = f"converted_does_not_run.{cause}"
            yield Finding("converted_does_not_run", Level.ERROR, run.stages[-1].name, nodes, code, roles, args, place)
