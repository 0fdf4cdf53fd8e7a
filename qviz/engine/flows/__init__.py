"""One file per way to capture; one function per step."""

from __future__ import annotations

from collections.abc import Callable

from qviz.engine.flows import capture, eager, fx
from qviz.engine.flows.job import Job
from qviz.errors import QvizError


def _pt2e_static(job: Job) -> None:
    from qviz.engine.flows import pt2e  # with torch.export, dynamo and Inductor: as long as torch itself takes

    pt2e.static(job)


def _pt2e_dynamic(job: Job) -> None:
    from qviz.engine.flows import pt2e

    pt2e.dynamic(job)


def _pt2e_qat(job: Job) -> None:
    from qviz.engine.flows import pt2e

    pt2e.qat(job)


FLOWS: dict[str, Callable[[Job], None]] = {
    "eager-dynamic": eager.dynamic,
    "eager-weight-only": eager.weight_only,
    "eager-static": eager.static,
    "eager-qat": eager.qat,
    "fx-dynamic": fx.dynamic,
    "fx-weight-only": fx.weight_only,
    "fx-static": fx.static,
    "fx-qat": fx.qat,
    "fx-fuse": fx.fuse,
    "pt2e-static": _pt2e_static,
    "pt2e-dynamic": _pt2e_dynamic,
    "pt2e-qat": _pt2e_qat,
}


def flow_function(flow_id: str | None) -> Callable[[Job], None]:
    """Return what runs a flow; without one the graph is only captured.

    Raises:
        QvizError: No such flow.
    """
    if flow_id is None:
        return capture.capture_only
    if flow_id not in FLOWS:
        raise QvizError(f"there is no flow {flow_id!r}", f"There are: {', '.join(FLOWS)}.")
    return FLOWS[flow_id]
