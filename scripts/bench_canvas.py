"""Measures the canvas from 10 to 50,000 nodes, each number beside its yardstick of the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


@click.command()
@click.option("--repeats", default=5, show_default=True, help="Of each measurement; medians are shown.")
@click.option("--sizes", default=",".join(map(str, GENERATED)), show_default=True, help="Nodes of generated graphs.")
@click.option("--only-generated", is_flag=True, help="Leave the real models out.")
def canvas(repeats: int, sizes: str, only_generated: bool) -> None:
    """Time of opening, unfolding, searching, panning and zooming, with yardsticks; memory; blocks of the event loop."""
    cases = {} if only_generated else {name: made(name, source) for name, source in SOURCES.items()}
    pattern = made("pattern", PATTERN)
    rows: list[dict[str, object]] = [_measured(name, path, 0, repeats) for name, path in cases.items()]
    rows += [_measured(f"generated {int(size):,}", pattern, int(size), repeats) for size in sizes.split(",")]
    table = Table("graph", "measured", "qviz", "limit", "yardstick", "", title=f"Medians of {repeats}")
    is_missed = False
    for row in rows:
        for name, value, limit, of_what in row["lines"]:  # type: ignore[attr-defined]
            fits = limit is None or value <= limit
            is_missed = is_missed or not fits
            shown = "" if limit is None else f"{limit:.4g}"
            table.add_row(str(row["name"]), name, f"{value:.4g}", shown, of_what, "" if fits else "NOT")
        table.add_section()
    Console(width=150).print(table)
    sys.exit(is_missed)


def made(name: str, source: str) -> Path:
    """Return the result of a PT2E run of a source, made once and kept."""
    path = user_cache_path("qviz") / "bench" / f"{name.replace(' ', '-').replace(',', '')}.qviz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        inputs = ["--input", "1x3x224x224"] if source.startswith("torchvision") else []
        command = [sys.executable, "-m", "qviz", "run", source, "--flow", "pt2e-static", *inputs, "--out", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def _measured(name: str, path: Path, nodes: int, repeats: int) -> dict[str, object]:
    """Measure one graph in a process of its own, whose memory is that of one window."""
    command = [sys.executable, str(HERE / "bench_canvas_case.py"), str(path), str(nodes), str(repeats)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return {"name": name, "lines": json.loads(done.stdout.splitlines()[-1])}
