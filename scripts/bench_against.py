"""Measures two checkouts beside each other: this one, and a commit in a worktree of its own, in turn.

Each pair measures both, one time the one first, one time the other, so that a machine that grows busy or warm
slows both. What counts is the ratio within a pair: its geometric mean over all pairs, with a 95 % interval.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
ROOT = HERE.parent
LIMIT_RATIO = 1.05

STARTUP = """
import bench
with bench.display({offscreen}) as environment:
    painted = bench.seconds_to_paint(bench.QVIZ, environment)
print(json.dumps({{"window painted, s": painted, "engine ready, s": bench.seconds_to_engine()}}))
"""
FLOWS = """
from bench_flows import in_qviz
from qviz.document.plan import Plan
plan = Plan(source="torchvision.models:{model}", flow="{flow}", inputs=("1x3x224x224",))
print(json.dumps({{"{model} {flow}, s": in_qviz(plan)[0]}}))
"""
WHY = """
from bench_why import _timed
from qviz.document.plan import Plan
plan = Plan(source="torchvision.models:{model}", flow="{flow}", inputs=("1x3x224x224",))
_timed(plan)
names = ("run", "reasons", "links", "findings")
print(json.dumps({{f"{model} {flow}: {{name}}, s": took for name, took in zip(names, _timed(plan))}}))
"""
CANVAS = """
import runpy
sys.argv = ["bench_canvas_case.py", {file!r}, "{size}", "1"]
runpy.run_path(str(scripts / "bench_canvas_case.py"), run_name="__main__")
"""


class Unit(NamedTuple):
    """What is measured at once, in a process of its own.

    Attributes:
        code: Prints what it measured as its last line: JSON of names and numbers, or the lines of a canvas case.
        is_own: Whether it runs the scripts of its own checkout, because they know what is inside the package.
    """

    bench: str
    code: str
    is_own: bool


@dataclass(frozen=True)
class Ratio:
    """How many times as long this checkout takes, with the ends of the 95 % interval."""

    mean: float
    low: float
    high: float


@click.command()
@click.argument("commit")
@click.argument("benches", nargs=-1, type=click.Choice(["startup", "canvas", "flows", "why"]))
@click.option("--pairs", default=9, show_default=True, type=click.IntRange(2), help="How many times both are measured.")
@click.option("--models", default="resnet18,mobilenet_v2,vit_b_16", show_default=True, help="Of torchvision.models.")
@click.option("--flows", default="fx-static,pt2e-static", show_default=True)
@click.option(
    "--sizes", default="0,5000,20000", show_default=True, help="Nodes of canvas graphs; 0: three layers of GPT."
)
@click.option("--offscreen", is_flag=True, help="Start the window without an X server.")
def against(
    commit: str, benches: tuple[str, ...], pairs: int, models: str, flows: str, sizes: str, offscreen: bool
) -> None:
    """Ratio to another commit, measured in turn, with its 95 % interval; all benches unless some are named."""
    table = Table(
        "", "measured", commit, "this checkout", "ratio", "95 % interval", "", title=f"{pairs} pairs, medians"
    )
    is_slower = False
    with worktree(commit) as before, tempfile.TemporaryDirectory(prefix="qviz-bench-") as folder:
        chosen = benches or ("startup", "canvas", "flows", "why")
        units = units_of(chosen, models.split(","), flows.split(","), offscreen)
        if "canvas" in chosen:
            units += canvas_units(before, Path(folder), sizes.split(","))
        for number, unit in enumerate(units, 1):
            click.echo(f"{unit.bench}, {number} of {len(units)}", err=True)
            for name, (theirs, ours) in measured_in_turn(unit, before, pairs).items():
                ratio = ratio_of(theirs, ours)
                is_slower = is_slower or ratio.low > LIMIT_RATIO
                table.add_row(*_row(unit.bench, name, theirs, ours, ratio))
            table.add_section()
    Console(width=150).print(table)
    sys.exit(is_slower)


@contextlib.contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Check a commit out into a folder of its own, for as long as it is measured."""
    with tempfile.TemporaryDirectory(prefix="qviz-bench-") as folder:
        tree = Path(folder) / "before"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def units_of(benches: Sequence[str], models: Sequence[str], flows: Sequence[str], offscreen: bool) -> list[Unit]:
    """Return what is measured, but for the canvas."""
    units = [Unit("startup", STARTUP.format(offscreen=offscreen), is_own=False)] if "startup" in benches else []
    for bench, code in (("flows", FLOWS), ("why", WHY)):
        if bench in benches:
            pairs = ((model, flow) for model in models for flow in flows)
            units += [Unit(bench, code.format(model=model, flow=flow), bench == "why") for model, flow in pairs]
    return units


def canvas_units(before: Path, folder: Path, sizes: Sequence[str]) -> list[Unit]:
    """Return the cases of the canvas, on a result written by the other commit: newer versions read older files."""
    file = folder / "pattern.qviz"
    source = f"{before / 'scripts' / 'gpt_model.py'}:Gpt(layers=3)"
    command = [sys.executable, "-m", "qviz", "run", source, "--flow", "pt2e-static", "--out", str(file)]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env=_environment(before, before / "scripts"), cwd=folder
    )
    return [Unit(f"canvas, {size or 0} nodes", CANVAS.format(file=str(file), size=size), is_own=True) for size in sizes]


def measured_in_turn(unit: Unit, before: Path, pairs: int) -> dict[str, tuple[list[float], list[float]]]:
    """Return the numbers of the commit and of this checkout, by what was measured."""
    for tree in (before, ROOT):
        measure(unit, tree)  # the first time reads the disk and writes byte code
    found: dict[str, tuple[list[float], list[float]]] = {}
    for number in range(pairs):
        order = (before, ROOT) if number % 2 == 0 else (ROOT, before)
        numbers = {tree: measure(unit, tree) for tree in order}
        for name in numbers[before].keys() & numbers[ROOT].keys():
            if min(numbers[before][name], numbers[ROOT][name]) > 0:
                columns = found.setdefault(name, ([], []))
                columns[0].append(numbers[before][name])
                columns[1].append(numbers[ROOT][name])
    return {name: columns for name, columns in sorted(found.items()) if len(columns[0]) > 1}


def measure(unit: Unit, tree: Path) -> dict[str, float]:
    """Measure one checkout once."""
    scripts = tree / "scripts" if unit.is_own else HERE
    code = f"import json, pathlib, sys\nsys.path[:1] = []\nscripts = pathlib.Path({str(scripts)!r})\n{unit.code}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(tree, scripts),
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return told if isinstance(told, dict) else {name: value for name, value, *_ in told}


def _environment(tree: Path, scripts: Path) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join((str(scripts), str(tree)))
    if not environment.get("DISPLAY"):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    return environment


def ratio_of(theirs: Sequence[float], ours: Sequence[float]) -> Ratio:
    """Return the geometric mean of the ratios of pairs, with Student's interval of their logarithms."""
    logarithms = [math.log(b / a) for a, b in zip(theirs, ours, strict=True)]
    mean = statistics.fmean(logarithms)
    reach = student(len(logarithms) - 1) * statistics.stdev(logarithms) / math.sqrt(len(logarithms))
    return Ratio(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach))


def student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's distribution, by the series of Abramowitz and Stegun, 26.7.5."""
    if freedom < 3:
        return (12.7062, 4.3027)[freedom - 1]  # the series wants more
    z = statistics.NormalDist().inv_cdf(0.975)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _row(bench: str, name: str, theirs: Sequence[float], ours: Sequence[float], ratio: Ratio) -> tuple[str, ...]:
    verdict = "SLOWER" if ratio.low > LIMIT_RATIO else "faster" if ratio.high < 1 else ""
    medians = (f"{statistics.median(each):.4g}" for each in (theirs, ours))
    return (bench, name, *medians, f"{ratio.mean:.3f}", f"{ratio.low:.3f} ... {ratio.high:.3f}", verdict)
