"""One file per way to capture; one function per step."""

from __future__ import annotations

from collections.abc import Callable

from qviz.engine.flows import capture, eager, fx, pt2e
from qviz.engine.flows.job import Job
from qviz.errors import QvizError

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
    "pt2e-static": pt2e.static,
    "pt2e-dynamic": pt2e.dynamic,
    "pt2e-qat": pt2e.qat,
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
