"""Times what explaining takes of a run: reasons of nodes, links between stages, findings."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from qviz.document.plan import Plan

LIMIT_SHARE = 0.15
MODELS = ("resnet18", "mobilenet_v2", "vit_b_16")
FLOWS = ("fx-static", "pt2e-static")


@click.command()
@click.option("--repeats", default=3, show_default=True, help="How many times each runs.")
@click.option("--models", default=",".join(MODELS), show_default=True, help="Of torchvision.models.")
@click.option("--flows", default=",".join(FLOWS), show_default=True)
def why(repeats: int, models: str, flows: str) -> None:
    """Share of a run that goes into explaining it."""
    table = Table("model", "flow", "run, s", "reasons, s", "links, s", "findings, s", "share")
    worst = 0.0
    for model in models.split(","):
        for flow in flows.split(","):
            plan = Plan(source=f"torchvision.models:{model}", flow=flow, inputs=("1x3x224x224",))
            times = [_timed(plan) for _ in range(repeats + 1)][1:]  # the first one imports
            whole, reasons, links, findings = (statistics.median(column) for column in zip(*times, strict=True))
            share = statistics.median((b + c + d) / a for a, b, c, d in times)
            worst = max(worst, share)
            numbers = [f"{each:.3f}" for each in (whole, reasons, links, findings)]
            table.add_row(model, flow, *numbers, f"{share:.1%} (limit {LIMIT_SHARE:.0%})")
    Console().print(table)
    sys.exit(worst > LIMIT_SHARE)


def _timed(plan: Plan) -> tuple[float, float, float, float]:
    """Return the seconds of a run, and those of its reasons, links and findings."""
    from qviz.analysis import findings
    from qviz.engine.recording import extract
    from qviz.engine.serving import run
    from qviz.wire import assembly

    spent = {"reasons": 0.0, "links": 0.0, "findings": 0.0}

    def watched(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            result = function(*args, **kwargs)
            spent[what] += time.perf_counter() - started
            return result

        return timed

    places = [(extract, "explain", "reasons"), (findings, "find", "findings")]
    places += [(each, "link_stages", "links") for each in (run, assembly) if hasattr(each, "link_stages")]
    kept = [(place, name, getattr(place, name)) for place, name, _ in places]
    for place, name, what in places:
        setattr(place, name, watched(what, getattr(place, name)))
    started = time.perf_counter()
    try:
        run.run_plan(plan, lambda message: None)
    finally:
        for place, name, function in kept:
            setattr(place, name, function)
    return time.perf_counter() - started, spent["reasons"], spent["links"], spent["findings"]
