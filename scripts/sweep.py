"""Runs every flow on many models and writes what came of it as docs/flows-and-models.md.

Needs an interpreter with torch 2.8, torchvision, transformers and msgspec: sweep.py --python PATH.
"""

from __future__ import annotations

import json
import platform
import re
import threading
import time
from pathlib import Path
from typing import NamedTuple

import click

from qviz.analysis.regions import precision
from qviz.document.flows import FLOWS, Flow
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.query import count_kinds
from qviz.document.samples import SAMPLES
from qviz.document.snapshot import Stage
from qviz.errors import QvizError
from qviz.trust.grants import all_typed
from qviz.wire.client import EngineClient
from qviz.wire.messages import EngineReady, RunFinished, RunFlow, RunRejected, StageReached, StepStarted

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "flows-and-models.md"
ZOO = "## The models people quantize"
"""The heading of what `sweep_zoo.py` writes at the end of the page."""
TIMEOUT_S = 240
TORCHVISION = (
    "alexnet",
    "vgg11",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "wide_resnet50_2",
    "squeezenet1_1",
    "densenet121",
    "googlenet",
    "inception_v3",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "regnet_y_400mf",
    "efficientnet_b0",
    "convnext_tiny",
    "vit_b_16",
    "swin_t",
    "maxvit_t",
)
LARGE = {"vit_b_16": 224, "swin_t": 224, "maxvit_t": 224, "inception_v3": 299, "alexnet": 96}
SEEDS = ("seed_dynamic", "seed_stubs", "seed_stubs_without_norm")
TRANSFORMERS = ("bert", "distilbert", "gpt2", "vit", "llama")
LOWERED = (Kind.QUANTIZED_OP, Kind.OBSERVER, Kind.FAKE_QUANT, Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.FUSED_OP)


class Cell(NamedTuple):
    """What one flow did to one model; `failure` is empty when it reached its end."""

    stages: tuple[str, ...]
    counts: str
    seconds: float
    failure: str


def models() -> dict[str, Plan]:
    """Return a plan without a flow for every model, by its name in the table."""
    here = HERE / "sweep_models.py"
    plans = {f"seed document: {name}": Plan(source=f"{here}:{name}") for name in SEEDS}
    plans |= {f"sample:{each.name}": Plan(source=f"sample:{each.name}") for each in SAMPLES if each.name != "seed"}
    for name in TORCHVISION:
        side = LARGE.get(name, 64)
        plans[name] = Plan(source=f"torchvision.models:{name}", inputs=(f"1x3x{side}x{side}",))
    return plans | {f"transformers: {name}": Plan(source=f"{here}:{name}") for name in TRANSFORMERS}


class Sweep:
    """Runs plan after plan in one engine, and in a new one where that died or took too long."""

    def __init__(self, python: str | None) -> None:
        self._python = python
        self._engine: EngineClient | None = None
        self._number = 0

    def run(self, plan: Plan) -> Cell:
        """Return what came of a plan."""
        if self._engine is None:
            self._engine = EngineClient(self._python)
            next(report for report in self._engine.reports() if isinstance(report, EngineReady))
        timer = threading.Timer(TIMEOUT_S, self._engine.process.kill)
        timer.start()
        stages: list[Stage] = []
        step, started = "loading", time.monotonic()
        try:
            failure = ""
            self._number += 1
            self._engine.send(RunFlow(self._number, plan, all_typed(plan)))
            for report in self._engine.reports():
                match report:
                    case StepStarted():
                        step = report.step
                    case StageReached():
                        stages.append(report.stage)
                    case RunRejected():
                        failure = report.text
                        break
                    case RunFinished():
                        error = report.run.error
                        where = (
                            f" ({Path(error.source.file).name}:{error.source.line})" if error and error.source else ""
                        )
                        failure = f"{error.step}: {error.type}: {error.message}{where}" if error else ""
                        break
                    case _:
                        pass
        except QvizError as error:
            failure = f"{step}: {error}"
            self.close()
        finally:
            timer.cancel()
        return Cell(
            tuple(each.name for each in stages), _counts(stages), time.monotonic() - started, _one_line(failure)
        )

    def close(self) -> None:
        """End the engine."""
        if self._engine is not None:
            self._engine.process.kill()
            self._engine.__exit__(None, None, None)
            self._engine = None


def _one_line(text: str) -> str:
    words = re.sub(r" at 0x[0-9a-f]+", "", " ".join(text.split())).replace("|", "\\|")
    return words if len(words) <= 220 else words[:219] + "…"


def _counts(stages: list[Stage]) -> str:
    if not stages:
        return ""
    last = stages[-1].graph
    kinds = count_kinds(last)
    parts = [f"{len(last.nodes)} nodes"]
    parts += [f"{kinds[kind]} {kind.value.replace('_', ' ')}" for kind in LOWERED if kinds[kind]]
    share = precision(last)
    return ", ".join([*parts, f"{len(share.low)} of {len(share.low) + len(share.float)} low"])


def page(rows: dict[str, dict[str, Cell]]) -> str:
    """Return the whole page."""
    done = sum(not cell.failure for cells in rows.values() for cell in cells.values())
    total = sum(len(cells) for cells in rows.values())
    lines = [
        "# Flows and models",
        "",
        "Made by `scripts/sweep.py`: every flow on every model, with torch 2.8.0 and random weights. The model runs",
        "on its example inputs once for calibration, one forward pass stands for training. Seconds are those of this",
        f"one run on {platform.machine()}, from the request to the last stage, and only tell sizes apart.",
        "",
        f"{done} of {total} runs reached their last stage; no engine died unless a line says so.",
        "",
        "| model | " + " | ".join(f"`{flow}`" for flow in next(iter(rows.values()))) + " |",
        "|---|" + "---|" * len(next(iter(rows.values()))),
    ]
    for model, cells in rows.items():
        texts = [
            f"{len(c.stages)} stages, {c.seconds:.1f} s" if not c.failure else f"stops at {_stop(c)}"
            for c in cells.values()
        ]
        lines.append(f"| {model} | " + " | ".join(texts) + " |")
    lines += ["", "## What the last stage holds", ""]
    for model, cells in rows.items():
        lines += [f"### {model}", ""]
        lines += [f"- `{flow}`: {cell.counts}" for flow, cell in cells.items() if cell.counts and not cell.failure]
        lines += [f"- `{flow}` stopped. {cell.failure}" for flow, cell in cells.items() if cell.failure]
        lines.append("")
    return "\n".join(lines)


def _stop(cell: Cell) -> str:
    return cell.failure.partition(":")[0] if cell.stages else "capture"


@click.command()
@click.option("--python", help="The interpreter of the engine.")
@click.option("--models", "only", default="", help="Only models whose name holds this.")
@click.option("--flows", "flow_ids", default="", help="Only these flows, separated by commas.")
@click.option("--keep", type=click.Path(path_type=Path), help="Where results are kept, to go on after an interruption.")
def sweep(python: str | None, only: str, flow_ids: str, keep: Path | None) -> None:
    """Run every flow on every model and write docs/flows-and-models.md."""
    kept = json.loads(keep.read_text(encoding="utf-8")) if keep is not None and keep.is_file() else {}
    flows: list[Flow] = [flow for flow in FLOWS if not flow_ids or flow.id in flow_ids.split(",")]
    rows: dict[str, dict[str, Cell]] = {}
    runner = Sweep(python)
    for name, bare in models().items():
        if only not in name:
            continue
        for flow in flows:
            key = f"{name} {flow.id}"
            if key not in kept:
                plan = Plan(source=bare.source, inputs=bare.inputs, flow=flow.id, measure=False)
                kept[key] = runner.run(plan)
                print(key, *kept[key][1:], flush=True)
                if keep is not None:
                    keep.write_text(json.dumps(kept), encoding="utf-8")
            stages, *rest = kept[key]
            rows.setdefault(name, {})[flow.id] = Cell(tuple(stages), *rest)
    runner.close()
    zoo = "".join(PAGE.read_text(encoding="utf-8").partition(ZOO)[1:])
    PAGE.write_text(f"{page(rows)}\n{zoo}", encoding="utf-8")


if __name__ == "__main__":
    sweep()
