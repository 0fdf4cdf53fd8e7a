"""How bad a measured figure is, by the thresholds of the plan."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from qviz.document.graph import Number
from qviz.document.measurements import Measurements, OutputErrors
from qviz.document.plan import Thresholds
from qviz.document.snapshot import Level

Step: TypeAlias = Literal["prepared", "simulated", "converted", "total"]

_CHANCE = 0.05
"""So likely may it be that as many samples change their class by chance, where few are measured."""
_ABOVE_FLOOR_DB = 3.0
"""By how much a difference between kernels has to exceed what rounding alone makes of the smallest change."""


def thresholds(measurements: Measurements) -> Thresholds:
    """Return those that the run was measured with."""
    given = measurements.config.get("thresholds")
    return msgspec.convert(given, Thresholds) if isinstance(given, dict) else Thresholds()


def level(db: Number | None, limits: Thresholds) -> Level:
    """Return the level of a signal-to-noise ratio; of none that says something, info."""
    if db is None or db == "inf":
        return Level.INFO
    value = float(db)
    return Level.ERROR if value < limits.error_db else Level.WARNING if value < limits.warning_db else Level.INFO


def worst(levels: Iterable[Level]) -> Level:
    """Return the highest level; info of none."""
    return max(levels, key=_severity, default=Level.INFO)


def _severity(found: Level) -> int:
    return -list(Level).index(found)


def of_step(measurements: Measurements, step: Step) -> Level:
    """Return the level of what a step does to the outputs; the worst one counts.

    Where the converted model is like the original all the same, the step undid what another one did.
    """
    limits = thresholds(measurements)
    return worst(
        min(_of_output(each, step, limits), _of_output(each, "total", limits), key=_severity)
        if each.total is not None
        else _of_output(each, step, limits)
        for each in measurements.outputs
    )


def _of_output(output: OutputErrors, step: Step, limits: Thresholds) -> Level:
    found = level(getattr(output, step), limits)
    is_seen = output.agreement is not None and output.agreement < limits.agreement
    return Level.ERROR if is_seen and found is Level.WARNING else found


def of_quantization(output: OutputErrors, measurements: Measurements) -> Level:
    """Return how bad quantization is for an output: the level of `noise_of`, or of the classes that change with it."""
    limits = thresholds(measurements)
    own = level(noise_of(output, measurements), limits)
    if is_all_of_quantization(output, measurements):
        is_certain = own is Level.WARNING or _is_certain(output.agreement, limits.agreement, measurements.samples)
        if is_certain and changes_classes(output, measurements):
            return Level.ERROR
    return own


def is_all_of_quantization(output: OutputErrors, measurements: Measurements) -> bool:
    """Return whether nothing else changed an output by enough to be told by itself."""
    limits = thresholds(measurements)
    return all(level(each, limits) is Level.INFO for each in (output.prepared, output.converted))


def noise_of(output: OutputErrors, measurements: Measurements) -> Number | None:
    """Return the signal-to-noise ratio that quantization leaves; with what else changed it, unless that is told."""
    known = [output.simulated]
    if is_all_of_quantization(output, measurements):
        known.append(output.total)
    return min((each for each in known if each is not None), key=float, default=None)


def _is_certain(agreement: float | None, least: float, samples: int) -> bool:
    """Return whether so many changes of class show that fewer than the least share of all samples would keep it."""
    changed = samples - round((agreement or 0.0) * samples)
    by_chance = sum(
        math.comb(samples, count) * (1 - least) ** count * least ** (samples - count)
        for count in range(changed, samples + 1)
    )
    return by_chance <= _CHANCE


def is_harmless(measurements: Measurements) -> bool:
    """Return whether rounding is known to do no output any harm; a few samples of another class leave it open."""
    return bool(measurements.outputs) and all(
        each.total is not None
        and of_quantization(each, measurements) is Level.INFO
        and not changes_classes(each, measurements)
        for each in measurements.outputs
    )


def changes_classes(output: OutputErrors, measurements: Measurements) -> bool:
    """Return whether too many samples change their class, be it by chance."""
    return output.agreement is not None and output.agreement < thresholds(measurements).agreement


def lowest(measurements: Measurements, step: Step) -> Number | None:
    """Return the lowest signal-to-noise ratio of any output over a step."""
    known = [value for each in measurements.outputs if (value := getattr(each, step)) is not None]
    return min(known, key=float, default=None)


def exceeds_floor(measurements: Measurements) -> bool:
    """Return whether kernels change an output by more than rounding makes of a change of 1e-6."""
    known = [(each.converted, each.floor) for each in measurements.outputs if each.converted is not None]
    return any(floor is None or float(found) < float(floor) - _ABOVE_FLOOR_DB for found, floor in known)
