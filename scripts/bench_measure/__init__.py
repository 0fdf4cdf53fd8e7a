"""What the measuring engine must show, each figure beside its yardstick."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from rich.console import Console

if TYPE_CHECKING:
    from bench_measure.result import Result


def _agreement(small: bool) -> list[Result]:
    from bench_measure import agreement

    return [agreement.measure(("resnet18",) if small else ("resnet18", "squeezenet1_1", "mobilenet_v3_small"))]


def _ranking(small: bool) -> list[Result]:
    from bench_measure import networks, ranking

    given = networks.twenty()
    return [ranking.measure(given[-7:-1] if small else given)]


def _additivity(small: bool) -> list[Result]:
    from bench_measure import additivity, networks

    return [additivity.measure(networks.all_vision()[:4] if small else networks.all_vision())]


def _depth(small: bool) -> list[Result]:
    from bench_measure import depth

    return [depth.measure(range(2), (4, 8))] if small else [depth.measure()]


def _roots(small: bool) -> list[Result]:
    from bench_measure import roots

    return [roots.measure(roots.given()[:2], 2) if small else roots.measure(roots.given())]


def _cost(small: bool) -> list[Result]:
    from bench_measure import cost

    return [cost.measure("resnet18", 64, 4, 1) if small else cost.measure()]


def _reruns(small: bool) -> list[Result]:
    from bench_measure import reruns

    return [reruns.measure(("resnet18",), 64, 2, 1) if small else reruns.measure()]


def _workers(small: bool) -> list[Result]:
    from bench_measure import workers

    return [workers.measure("torchvision.models:resnet18", "2x3x64x64") if small else workers.measure()]


def _what_if(small: bool) -> list[Result]:
    from bench_measure import changes, networks

    flows = ("fx-static", "pt2e-static")
    found = [changes.what_if([networks.vision("resnet18")], flows[:1] if small else flows, 10 if small else 500)]
    lite = None if small else networks.lite0()
    return [*found, changes.what_if([lite], flows[1:], 100)] if lite is not None else found


def _counterfactuals(small: bool) -> list[Result]:
    from bench_measure import changes, networks

    return [changes.counterfactuals(networks.vision("resnet18"), ("fx-static", "pt2e-static"), 20 if small else 240)]


def _repair(small: bool) -> list[Result]:
    from bench_measure import changes, networks

    network = networks.vision("squeezenet1_1") if small else networks.lite0()
    return [] if network is None else [changes.repaired(network, "pt2e-static")]


EXPERIMENTS: dict[str, Callable[[bool], list[Result]]] = {
    "agreement": _agreement,
    "ranking": _ranking,
    "additivity": _additivity,
    "roots": _roots,
    "depth": _depth,
    "cost": _cost,
    "reruns": _reruns,
    "workers": _workers,
    "what-if": _what_if,
    "counterfactuals": _counterfactuals,
    "repair": _repair,
}


@click.command()
@click.argument("experiments", nargs=-1, type=click.Choice(list(EXPERIMENTS)))
@click.option("--small", is_flag=True, help="Few networks each: whether all still runs, not the figures.")
def measure(experiments: tuple[str, ...], small: bool) -> None:
    """What measuring shows: agreement with torch, estimate against exact, planted faults, cost."""
    from bench_measure.result import show_figures

    console = Console(width=None if sys.stdout.isatty() else 150)
    results: list[Result] = []
    for name in experiments or EXPERIMENTS:
        click.echo(name, err=True)
        for result in EXPERIMENTS[name](small):
            result.show(console)
            results.append(result)
    sys.exit(not show_figures(results, console))
