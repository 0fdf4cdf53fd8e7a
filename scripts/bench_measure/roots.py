"""Whether the planted quantizer is named first, and not one that shows its symptom."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from bench_measure import networks
from bench_measure.networks import Network
from bench_measure.plants import Plant, planted, quantizer_of
from bench_measure.ranks import place_of
from bench_measure.result import Result
from bench_measure.subject import estimated, exactly, subject
from qviz.document.plan import Plan
from qviz.engine.measure.ledger import tensors

WITH_SKIPS = (
    "resnet18", "resnet34", "resnet50", "resnext50_32x4d", "regnet_x_400mf", "regnet_y_400mf", "mnasnet0_5",
    "shufflenet_v2_x0_5", "googlenet", "densenet121",
)  # fmt: skip
CHAINS = tuple((depth, norms) for depth in (4, 6, 8, 12, 16) for norms in (False, True))
FAULTS = 5
LIMITS = {"exact": 0.98, "estimate": 0.95}


@dataclass(frozen=True)
class Places:
    """At which place the planted quantizer stands, by each way to sort."""

    share: float
    exact: int
    estimate: int
    local: int
    accumulated: int


def given() -> list[tuple[str, Callable[[], Network]]]:
    """Return ten chains and ten networks with skips."""
    chains: list[tuple[str, Callable[[], Network]]] = [
        (
            f"chain of {depth}{' with norms' if norms else ''}",
            partial(networks.chain, depth, 7, width=24 + depth, norms=norms),
        )
        for depth, norms in CHAINS
    ]
    return chains + [(each, partial(networks.vision, each)) for each in WITH_SKIPS]


def measure(given: Iterable[tuple[str, Callable[[], Network]]], faults: int = FAULTS) -> Result:
    """Plant faults in each network, one at a time."""
    columns = ("network", "planted at", "grown", "share", "exact", "estimate", "local", "accumulated")
    result = Result("The place of the planted quantizer", columns)
    found: list[Places] = []
    for name, make in given:
        for plant in planted(make(), faults):
            places = _places(plant)
            found.append(places)
            ranks = places.exact, places.estimate, places.local, places.accumulated
            result.row(name, f"{plant.pair.up} {plant.channel}", f"{plant.growth:.0f}x", places.share, *ranks)
    owners = [each for each in found if each.share > 0.5]
    result.figure("Planted, and owner of more than half", f"{len(owners)} of {len(found)}")
    for way in ("exact", "estimate", "local", "accumulated"):
        first = sum(getattr(each, way) == 1 for each in owners)
        limit = LIMITS.get(way)
        yardstick = "" if limit is None else f">= {limit:.0%}"
        reached = None if limit is None else first >= limit * len(owners)
        result.figure(f"Planted quantizer first by {way}", f"{first} of {len(owners)}", yardstick, reached)
    return result


def _places(plant: Plant) -> Places:
    network = plant.network
    tested = subject(network.model, [network.evaluate], network.calibrate, Plan(flow="fx-static"), converts=False)
    wanted = quantizer_of(tested.measured.simulation, plant.pair)
    seen = tensors.look(tested.measured)
    exact, guessed = exactly(tested, seen), estimated(tested, seen)
    local = {index: -_decibels(each.local_db) for index, each in seen.noise.items()}
    accumulated = {index: -_decibels(each.accumulated_db) for index, each in seen.noise.items()}
    ways: tuple[Mapping[int, float], ...] = (exact, guessed, local, accumulated)
    return Places(exact[wanted], *(place_of(wanted, each) for each in ways))


def _decibels(value: object) -> float:
    return math.inf if value is None else float(str(value))
