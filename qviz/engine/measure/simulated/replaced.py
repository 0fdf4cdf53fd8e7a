"""Puts other roundings in the place of those of a measuring copy, for a while."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from qviz.engine.measure.simulated.board import Operator, Switch, WeightSwitch
from qviz.engine.measure.simulated.rounding import Rounding
from qviz.engine.measure.simulated.simulation import Simulation


@contextmanager
def replaced(simulation: Simulation, roundings: Mapping[int, Rounding]) -> Iterator[None]:
    """Let quantizers round otherwise, by their indices."""
    switches = [
        each for each in simulation.module.modules() if isinstance(each, Switch) and each.quantizer in roundings
    ]
    before = [each.rounding for each in switches]
    for switch in switches:
        switch.rounding = roundings[switch.quantizer]
    try:
        with _operators([each for each in simulation.operators if roundings.keys() & set(each.quantizers)], roundings):
            yield
    finally:
        for switch, rounding in zip(switches, before, strict=True):
            switch.rounding = rounding


@contextmanager
def _operators(operators: list[Operator], roundings: Mapping[int, Rounding]) -> Iterator[None]:
    if not operators:
        yield
        return
    with replaced_in(operators[0], roundings), _operators(operators[1:], roundings):
        yield


@contextmanager
def replaced_in(operator: Operator, roundings: Mapping[int, Rounding]) -> Iterator[None]:
    """Let the weights of one operator be rounded otherwise."""
    weights, slots = operator.weights, dict(getattr(operator, "slots", {}))
    switches = [
        (each.owner, each.owner.rounding, roundings[each.quantizer])
        for each in weights
        if isinstance(each.owner, WeightSwitch) and each.quantizer in roundings
    ]
    operator.weights = [
        dataclasses.replace(each, rounding=roundings.get(each.quantizer, each.rounding)) for each in weights
    ]
    if slots:
        operator.slots.update(  # type: ignore[attr-defined]
            {place: (index, roundings.get(index, rounding)) for place, (index, rounding) in slots.items()}
        )
    for owner, _, rounding in switches:
        owner.rounding = rounding
    try:
        yield
    finally:
        operator.weights = weights
        for owner, rounding, _ in switches:
            owner.rounding = rounding
        if slots:
            operator.slots.update(slots)  # type: ignore[attr-defined]
