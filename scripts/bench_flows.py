"""Times flows in qviz beside the same steps as a plain torch script: from the start of a process to the last stage."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from qviz.document.plan import Plan
from qviz.wire import messages
from qviz.wire.client import EngineClient
from qviz.wire.messages import EngineReady, RunFinished, RunRejected, StageReached

RUN = getattr(messages, "RunFlow", None) or messages.Run  # type: ignore[attr-defined] # 0.1.0, for `bench against`
LIMIT_RATIO = 1.3
MODELS = ("resnet18", "mobilenet_v2", "vit_b_16")
FLOWS = ("fx-static", "pt2e-static")


@click.command()
@click.option("--pairs", default=3, show_default=True, help="How many times both run, in turn.")
@click.option("--models", default=",".join(MODELS), show_default=True, help="Of torchvision.models.")
@click.option("--flows", default=",".join(FLOWS), show_default=True)
def flows(pairs: int, models: str, flows: str) -> None:
    """Time of a flow in qviz, beside a plain torch script that does the same."""
    table = Table("model", "flow", "plain torch, s", "qviz, s", "ratio", title=f"Median of {pairs} pairs")
    worst = 0.0
    for model in models.split(","):
        for flow in flows.split(","):
            plan = Plan(source=f"torchvision.models:{model}", flow=flow, inputs=("1x3x224x224",))
            times = [_pair(plan) for _ in range(pairs)]
            plain, ours = (statistics.median(column) for column in zip(*times, strict=True))
            ratio = statistics.median(b / a for a, b in times)
            worst = max(worst, ratio)
            table.add_row(model, flow, f"{plain:.2f}", f"{ours:.2f}", f"{ratio:.2f} (limit {LIMIT_RATIO})")
    Console().print(table)
    sys.exit(worst > LIMIT_RATIO)


def _pair(plan: Plan) -> tuple[float, float]:
    """Return the seconds of a plain script and of qviz; the script is what qviz says does the same."""
    ours, script = in_qviz(plan)
    return _in_plain_torch(script), ours


def in_qviz(plan: Plan) -> tuple[float, str]:
    """Return the seconds from the start of an engine to the last stage, and the script of the run.

    Both sides import what they need: an engine that is ready has not imported all that a flow will ask for.
    """
    started = last = time.monotonic()
    with EngineClient() as engine:
        for report in engine.reports():
            match report:
                case EngineReady():
                    engine.send(RUN(1, plan, *_grants(plan)))
                case StageReached():
                    last = time.monotonic()
                case RunRejected():
                    raise click.ClickException(report.text)
                case RunFinished():
                    if report.run.error is not None:
                        raise click.ClickException(f"{plan.flow} failed on {plan.source}")
                    return last - started, report.run.python
                case _:
                    pass
    raise click.ClickException("the engine ended")


def _grants(plan: Plan) -> tuple[Any, ...]:
    """Return the third field of a request; 0.1.0 has none."""
    if "grants" not in RUN.__struct_fields__:
        return ()
    from qviz.trust.grants import all_typed

    return (all_typed(plan),)


def _in_plain_torch(script: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plain.py"
        file.write_text(script.replace("print(converted)", ""), encoding="utf-8")
        started = time.monotonic()
        subprocess.run([sys.executable, "-W", "ignore", str(file)], stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - started
