"""How each flow runs and who writes its Python; a run imports what its flow needs, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Generic, TypeVar

from qviz.document import flows
from qviz.document.flows import BUILTIN, Flow, Method, Mode
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import FlowResult
from qviz.errors import QvizError
from qviz.words import tr

R = TypeVar("R", bound=FlowResult)


@dataclass(frozen=True)
class Implementation(Generic[R]):
    """What carries a flow out.

    Attributes:
        run: Quantizes the model of a job, reports each stage as it is reached, and returns the result.
        write: Returns the calls of torch that do the same, from ``model`` on; the result is what the flow came to
            before it stopped, and None if it had come to nothing.
    """

    run: Callable[[Job], R]
    write: Callable[[Job, R | None], str]


def implementation(flow_id: str | None) -> Implementation[Any]:
    """Return what carries a flow out; without one the graph is only captured.

    Raises:
        QvizError: No such flow.
    """
    if flow_id is None:
        from qviz.engine.flows.capture import capture_only
        from qviz.engine.script import capture

        return Implementation(capture_only, capture.write)
    if flow_id in _LOADERS:
        return _LOADERS[flow_id]()
    known = flows.flow(flow_id)
    if known is None:
        raise QvizError(
            tr('Unknown flow "{flow_id}"', flow_id=flow_id),
            tr("Choose one of: {names}.", names=", ".join(flows.flow_ids())),
        )
    module, _, name = known.implementation.partition(":")
    if not name:
        raise QvizError(
            tr('the flow "{flow_id}" has no implementation', flow_id=flow_id),
            tr("Set Flow.implementation to package.module:name, or call register_flow in the engine."),
        )
    found: Implementation[Any] = getattr(import_module(module), name)
    return found


def register_flow(flow: Flow, run: Callable[[Job], R], write: Callable[[Job, R | None], str]) -> None:
    """Make a flow known to this process, and to its lists and choices, with what carries it out.

    Raises:
        ValueError: There is another flow of that id.
    """
    if flow.id in _LOADERS:
        raise ValueError(f"the flow {flow.id!r} has its runner already")
    flows.register(flow)
    _LOADERS[flow.id] = lambda: Implementation(run, write)


def _eager(method: Method) -> Implementation[Any]:
    from qviz.engine.flows import eager
    from qviz.engine.script import eager as script

    return Implementation(eager.RUNNERS[method], script.write)


def _fx(method: Method) -> Implementation[Any]:
    from qviz.engine.flows import fx
    from qviz.engine.script import fx as script

    return Implementation(fx.RUNNERS[method], script.write)


def _pt2e(method: Method) -> Implementation[Any]:
    from qviz.engine.flows import pt2e
    from qviz.engine.script import pt2e as script

    return Implementation(pt2e.RUNNERS[method], script.write)


_LOADERS_OF_MODE = {Mode.EAGER: _eager, Mode.FX: _fx, Mode.PT2E: _pt2e}
_LOADERS: dict[str, Callable[[], Implementation[Any]]] = {
    flow.id: partial(_LOADERS_OF_MODE[flow.mode], flow.method) for flow in BUILTIN
}
