"""Finds the user's own metric, which is measured beside the errors of the outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from qviz.document.plan import Plan
from qviz.engine.loading.signatures import refuse_unfit
from qviz.engine.loading.written import users_own
from qviz.errors import QvizError
from qviz.words import tr


class UserMetric(NamedTuple):
    """The user's own figure.

    Attributes:
        name: For people: ``metrics.py:top1``.
        function: Gets what the model returned for a batch, and the batch as it was given, labels included.
    """

    name: str
    function: Callable[[Any, Any], Any]


def find_metric(plan: Plan) -> UserMetric | None:
    """Return the function that ``metric`` of the plan names, if it names one.

    Raises:
        QvizError: It is not there, or cannot be called with these.
    """
    if plan.metric is None:
        return None
    found = users_own(plan.metric, plan.source, is_called=False).value
    if not callable(found):
        raise QvizError(
            tr("{spec} is a {type}, not a function", spec=plan.metric, type=type(found).__name__),
            _hint(),
            option="--metric",
        )
    _refuse_unfit(found, plan.metric)
    return UserMetric(plan.metric, found)


def given_metric(function: Callable[[Any, Any], Any]) -> UserMetric:
    """Return a metric that is in hand.

    Raises:
        QvizError: It does not take what a model returned, and a batch.
    """
    name = getattr(function, "__name__", type(function).__name__)
    _refuse_unfit(function, name)
    return UserMetric(name, function)


def _refuse_unfit(metric: Callable[..., Any], spec: str) -> None:
    refuse_unfit(metric, ("outputs", "batch"), spec, _hint(), "--metric")


def _hint() -> str:
    return tr("Name a function that returns a number: def metric(outputs, batch): ...")
