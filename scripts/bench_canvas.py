"""Measures the canvas from 10 to 50,000 nodes, each number beside its yardstick of the same run."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
SOURCES = {
    "small conv net": "sample:conv-bn-relu",
    "resnet50": "torchvision.models:resnet50",
    "vit_b_16": "torchvision.models:vit_b_16",
    "gpt, 12 layers": f"{HERE / 'gpt_model.py'}:Gpt(layers=12)",
}
PATTERN = f"{HERE / 'gpt_model.py'}:Gpt(layers=3)"
GENERATED = (5_000, 20_000, 50_000)


BUSY_TIMES = 3
"""How many times as long as on a quiet machine anything may take beside one busy core."""


class Measurement(NamedTuple):
    """One figure of a graph, in the order in which a case prints them."""

    name: str
    value: float
    limit: float | None
    yardstick: str


@click.command()
@click.option("--repeats", default=5, show_default=True, help="Of each measurement; medians are shown.")
@click.option("--sizes", default=",".join(map(str, GENERATED)), show_default=True, help="Nodes of generated graphs.")
@click.option("--only-generated", is_flag=True, help="Leave the real models out.")
@click.option("--busy", is_flag=True, help="Measure all again beside a process that keeps one core busy.")
def canvas(repeats: int, sizes: str, only_generated: bool, busy: bool) -> None:
    """Time of opening, unfolding, searching, panning and zooming, with yardsticks; memory; blocks of the event loop."""
    cases = {} if only_generated else {name: (made(name, source), 0) for name, source in SOURCES.items()}
    pattern = made("pattern", PATTERN)
    cases |= {f"generated {int(size):,}": (pattern, int(size)) for size in sizes.split(",")}
    is_missed = False
    for name, (path, nodes) in cases.items():
        table = Table("measured", "qviz", "limit", "busy", "yardstick", "", title=f"{name}, medians of {repeats}")
        quiet = _all_measured(path, nodes, repeats)
        with busy_core() if busy else contextlib.nullcontext():
            again = {each.name: each.value for each in _all_measured(path, nodes, repeats)} if busy else {}
        for each in quiet:
            value = again.get(each.name)
            fits = each.limit is None or each.value <= each.limit
            fits_busy = value is None or value <= BUSY_TIMES * each.value
            is_missed = is_missed or not fits or not fits_busy
            limit, beside = (f"{number:.4g}" if number is not None else "" for number in (each.limit, value))
            missed = " ".join(["NOT"] * (not fits) + ["NOT BUSY"] * (not fits_busy))
            table.add_row(each.name, f"{each.value:.4g}", limit, beside, each.yardstick, missed)
        Console(width=160).print(table)  # each at once: an interrupted bench keeps what it measured
    sys.exit(is_missed)


@contextlib.contextmanager
def busy_core() -> Iterator[None]:
    """Keep one core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def made(name: str, source: str) -> Path:
    """Return the result of a PT2E run of a source, made once and kept."""
    path = user_cache_path("qviz") / "bench" / f"{name.replace(' ', '-').replace(',', '')}.qviz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        inputs = ["--input", "1x3x224x224"] if source.startswith("torchvision") else []
        command = [sys.executable, "-m", "qviz", "run", source, "--flow", "pt2e-static", *inputs, "--out", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def _all_measured(path: Path, nodes: int, repeats: int) -> list[Measurement]:
    """Measure one graph in one pane, then with the stage before it in two."""
    scripts = ("bench_canvas_case.py", "bench_canvas_pair.py")
    return [each for script in scripts for each in _measured(script, path, nodes, repeats)]


def _measured(script: str, path: Path, nodes: int, repeats: int) -> list[Measurement]:
    """Measure one graph in a process of its own, whose memory is that of one window."""
    command = [sys.executable, str(HERE / script), str(path), str(nodes), str(repeats)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return [Measurement(*each) for each in json.loads(done.stdout.splitlines()[-1])]
