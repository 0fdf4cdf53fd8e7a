"""Times flows in qviz beside the same steps as a plain torch script: from a ready process to the last stage."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from qviz.document.plan import Plan
from qviz.wire.client import EngineClient
from qviz.wire.messages import EngineReady, Run, RunFinished, RunRejected, StageReached

LIMIT_RATIO = 1.3
MODELS = ("resnet18", "mobilenet_v2", "vit_b_16")
FLOWS = ("fx-static", "pt2e-static")
PLAIN = """
import sys, time
import torch, torch.ao.quantization.quantize_fx, torch.ao.quantization.quantize_pt2e
import torch.ao.quantization.quantizer.xnnpack_quantizer, torch.ao.quantization.quantizer.x86_inductor_quantizer
code = compile(open(sys.argv[1]).read().replace("print(converted)", ""), sys.argv[1], "exec")
started = time.monotonic()
exec(code, {"__name__": "plain"})
print("took", time.monotonic() - started)
"""
"""The torch modules are those that an engine has imported when it says that it is ready."""


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
    ours, script = _in_qviz(plan)
    return _in_plain_torch(script), ours


def _in_qviz(plan: Plan) -> tuple[float, str]:
    last = started = 0.0
    with EngineClient() as engine:
        for report in engine.reports():
            match report:
                case EngineReady():
                    started = time.monotonic()
                    engine.send(Run(1, plan))
                case StageReached():
                    last = time.monotonic()
                case RunRejected():
                    raise click.ClickException(report.text)
                case RunFinished():
                    if report.run.error is not None:
                        raise click.ClickException(report.run.error.message)
                    return last - started, report.run.python
                case _:
                    pass
    raise click.ClickException("the engine ended")


def _in_plain_torch(script: str) -> float:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plain.py"
        file.write_text(script, encoding="utf-8")
        command = [sys.executable, "-W", "ignore", "-c", PLAIN, str(file)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.rsplit("took ", 1)[1])
