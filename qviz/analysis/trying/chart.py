"""The chart of a choice as values from 0 to 1: the predicted curve, runs that were measured, other choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from qviz.analysis.ledger.answer import finite
from qviz.analysis.trying.axes import ChartAxis, bytes_axis, level_axis, share_axis
from qviz.analysis.trying.trial_words import added_text, level_text
from qviz.analysis.trying.trials import Trials
from qviz.analysis.trying.tried_runs import MeasuredPoint
from qviz.document.changes import Prediction
from qviz.words import tr
from qviz.words.formats import percent, size


class ChartPoint(NamedTuple):
    """One point.

    Attributes:
        x: From 0 to 1.
        y: From 0, the lowest level, to 1.
        told: What it is, in words.
        number: How many of the worst, of the curve; of a run its number; of another choice that of its change, or -1.
    """

    x: float
    y: float
    told: str
    number: int = -1


class TrialChart(NamedTuple):
    """All of the chart.

    Attributes:
        cost: The axis to the right.
        level: The axis upwards, in dB.
        curve: What is predicted of the worst ones, from none on.
        band: How far above and below the curve a prediction may be off, from 0 to 1; 0 where that is not known.
        chosen: What is predicted of the choice; None where it is not.
        measured: Runs.
        others: Other choices.
    """

    cost: ChartAxis
    level: ChartAxis
    curve: tuple[ChartPoint, ...]
    band: float
    chosen: ChartPoint | None
    measured: tuple[ChartPoint, ...]
    others: tuple[ChartPoint, ...]


class ChartContent(NamedTuple):
    """What a chart is made of.

    Attributes:
        tried: The run and what there is to choose.
        steps: So many of the worst are on the curve.
        points: Runs that were measured.
        prediction: Of the choice.
        uncertainty: How far predictions may be off, in dB.
        by_macs: Whether the axis to the right is the share of multiply-accumulates, not the bytes.
    """

    tried: Trials
    steps: int
    points: Sequence[MeasuredPoint] = ()
    prediction: Prediction | None = None
    uncertainty: float | None = None
    by_macs: bool = False


def trial_chart(content: ChartContent) -> TrialChart:
    """Return the chart of a choice."""
    tried, cost_of = content.tried, _cost_of(content)
    predicted = [each for each in tried.curve[: content.steps + 1] if finite(each.sqnr_db) is not None]
    costs = [cost_of(each) for each in predicted]
    runs = [each for each in content.points if _cost_of_run(content, cost_of, each) is not None]
    run_costs = [_cost_of_run(content, cost_of, each) or 0.0 for each in runs]
    own = [content.prediction] if content.prediction is not None and finite(content.prediction.sqnr_db) else []
    all_costs = [*costs, *run_costs, *map(cost_of, own)]
    cost = share_axis(all_costs) if content.by_macs else bytes_axis(all_costs)
    spread = content.uncertainty or 0.0
    levels = [finite(each.sqnr_db) or 0.0 for each in (*predicted, *own)]
    level = level_axis([*levels, *(each.db for each in runs), *(each + spread for each in levels[-1:])])
    curve = tuple(_of_curve(content, count, each, cost, level) for count, each in enumerate(predicted))
    measured = tuple(
        ChartPoint(cost.at(x), level.at(each.db), _run_text(each), each.number)
        for each, x in zip(runs, run_costs, strict=True)
    )
    chosen = ChartPoint(cost.at(cost_of(own[0])), level.at(float(levels[-1])), "") if own else None
    others = tuple(_others(content, cost, level))
    return TrialChart(cost, level, curve, level.at(level.low + spread), chosen, measured, others)


def cost_title(by_macs: bool, whole: int | None) -> str:
    """Return what the axis to the right is; `whole` is that of the model before, where it is known."""
    if by_macs:
        return tr("MACs that go to float")
    return tr("added to {size}", size=size(whole)) if whole is not None else tr("added to the weights")


def _cost_of(content: ChartContent) -> Callable[[Prediction], float]:
    start = content.tried.curve[0].macs
    if content.by_macs:
        return lambda each: (start or 0.0) - (each.macs if each.macs is not None else start or 0.0)
    return lambda each: float(each.added_bytes)


def _cost_of_run(content: ChartContent, cost_of: Callable[[Prediction], float], point: MeasuredPoint) -> float | None:
    if content.by_macs:
        return cost_of(point.prediction) if point.prediction is not None else None
    return max(float(point.added_bytes), 0.0) if point.added_bytes is not None else None


def _of_curve(
    content: ChartContent, count: int, prediction: Prediction, cost: ChartAxis, level: ChartAxis
) -> ChartPoint:
    known = {"level": level_text(prediction.sqnr_db), "cost": _cost_text(content, prediction)}
    told = tr("The {count} worst: {level}, {cost}", count=count, **known)
    at = cost.at(_cost_of(content)(prediction))
    return ChartPoint(at, level.at(finite(prediction.sqnr_db) or 0.0), told, count)


def _cost_text(content: ChartContent, prediction: Prediction) -> str:
    if content.by_macs:
        share = _cost_of(content)(prediction)
        return tr("{share} of the MACs go to float", share=percent(round(share, 4)))
    return added_text(prediction.added_bytes)


def _run_text(point: MeasuredPoint) -> str:
    known = {"number": point.number, "name": point.name, "level": level_text(point.db)}
    return tr("Run {number} · {name}: {level} measured", **known)


def _others(content: ChartContent, cost: ChartAxis, level: ChartAxis) -> Iterator[ChartPoint]:
    for each in content.tried.others:
        found = each.prediction
        x, y = cost.at(_cost_of(content)(found)), level.at(finite(found.sqnr_db) or 0.0)
        if x <= 1.0 and 0.0 <= y <= 1.0:
            told = tr("{name} alone in float: {level}", name=each.name, level=level_text(found.sqnr_db))
            number = content.tried.number_of(each.changes[0])
            yield ChartPoint(x, y, f"{told}, {_cost_text(content, found)}", -1 if number is None else number)
