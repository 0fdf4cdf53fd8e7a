"""Activations in 8 bits where the engine overflows, or in 7 where it would not."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.analysis.findings.rules import finds
from qviz.document.flows import Method
from qviz.document.graph import WATCHING
from qviz.document.snapshot import Finding, Level

_REDUCED, _WHOLE = (0.0, 127.0), (0.0, 255.0)
_NEEDS = {"x86": _REDUCED, "fbgemm": _REDUCED, "qnnpack": _WHOLE, "onednn": _WHOLE}
"""The range of quint8 activations in each engine's own default qconfig."""


@finds("reduce_range_mismatch")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the observers of activations whose range is that of another engine."""
    backend = str(evidence.snapshot.run.config.get("backend", ""))
    needed, prepared = _NEEDS.get(backend), evidence.prepared
    if needed is None or prepared is None or (evidence.flow is not None and evidence.flow.method is Method.DYNAMIC):
        return
    other = _WHOLE if needed == _REDUCED else _REDUCED
    found = []
    for node in prepared.whole.nodes:
        params = node.quant.output if node.kind in WATCHING and node.quant is not None else None
        if params is None or params.dtype != "torch.quint8" or _is_placeholder(node.observer):
            continue  # dynamic kernels reduce the range themselves
        if (*numbers(params.quant_min), *numbers(params.quant_max)) == other and not _is_fixed(node.observer):
            found.append(node.id)
    if found:
        yield _finding(prepared.name, backend, found, is_default=_has_default(evidence))


def _is_fixed(observer: object) -> bool:
    return getattr(observer, "type", "").startswith("FixedQParams")


def _is_placeholder(observer: object) -> bool:
    """Tell whether an observer watches nothing: a dynamic kernel chooses the range."""
    return getattr(observer, "type", "").startswith("Placeholder")


def _has_default(evidence: Evidence) -> bool:
    """Return whether torch's own qconfigs for the engine are in use: some of its types have others than the rest."""
    config, plan = evidence.snapshot.run.config, evidence.snapshot.run.plan
    if evidence.flow is None or (plan is not None and (plan.qconfig is not None or plan.rules)):
        return False
    return not any(config.get(each) for each in ("custom", "rules", "qconfig", "own_qconfigs"))


def _finding(stage: str, backend: str, found: list[str], is_default: bool) -> Finding:
    by_processor = backend == "onednn"  # what 7 bits are good for there depends on the processor
    if by_processor:
        code = "reduce_range_mismatch.by_processor"
    elif _NEEDS[backend] != _REDUCED:
        code = "reduce_range_mismatch.wastes_levels"
    else:
        code = "reduce_range_mismatch." + ("overflows_by_default" if is_default else "overflows")
    return Finding(
        rule="reduce_range_mismatch",
        level=Level.INFO if by_processor else Level.WARNING,
        stage=stage,
        nodes=tuple(found),
        code=code,
        roles={"subject": tuple(found)},
        args={"backend": backend},
    )
