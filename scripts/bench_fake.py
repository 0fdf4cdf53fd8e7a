"""Measures `qviz run --fake` beside plain torch that does the same.

Processor time counts (user and system, of all processes), because other work on the machine changes it less than the
clock; memory is that of the largest process. Plain torch: export on fake tensors under torch.no_grad(), prepare_pt2e,
convert_pt2e with scales of 1. qviz: all of the command, with recording, reasons, links, findings, and the file.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import click

HOME = Path(__file__).resolve().parents[1]
MODEL = """
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.integrations.executorch import sdpa_mask_without_vmap
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

ALL_MASK_ATTENTION_FUNCTIONS.register("sdpa", sdpa_mask_without_vmap)  # torch.export does not capture vmap
SIZES = {{"hidden_size": 8192, "intermediate_size": 28672, "num_attention_heads": 64, "num_key_value_heads": 8}}

def llama():
    return LlamaForCausalLM(LlamaConfig(**SIZES, num_hidden_layers={layers}, vocab_size=128256, use_cache=False)).eval()

example_inputs = (torch.zeros(1, 16, dtype=torch.long),)
"""
PLAIN = """
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
import big_model
scale, zero_point = torch.ones(1), torch.zeros(1, dtype=torch.int64)
mode = FakeTensorMode(allow_non_fake_inputs=True)
with mode, torch.no_grad():
    model = big_model.llama()
    inputs = tuple(mode.from_tensor(each) for each in big_model.example_inputs)
    captured = torch.export.export(model, inputs, strict=False).module()
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_dynamic=True))
    prepared = prepare_pt2e(captured, quantizer)
for node in prepared.graph.nodes:
    if node.op == "call_module" and hasattr(observer := prepared.get_submodule(node.target), "calculate_qparams"):
        count = node.args[0].meta["val"].shape[0] if "PerChannel" in type(observer).__name__ else 1
        observer.__dict__["calculate_qparams"] = lambda count=count: (scale.expand(count), zero_point.expand(count))
print(len(convert_pt2e(prepared).graph.nodes), "nodes")
"""


class Cost(NamedTuple):
    """What a command took: seconds of the clock, seconds of all processors, gigabytes of its largest process."""

    wall: float
    cpu: float
    gigabytes: float


def cost(command: list[str]) -> Cost:
    """Run a command, in a process between, whose children are this command's alone."""
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=2);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    environment = {**os.environ, "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, *command], stdout=subprocess.PIPE, text=True, check=True, env=environment
    )
    cpu, kib = done.stdout.split()
    return Cost(time.monotonic() - began, float(cpu), int(kib) * 1024 / 1e9)


@click.command()
@click.option("--python", default=sys.executable, help="An interpreter with torch 2.8 and transformers.")
@click.option("--layers", default=80, show_default=True, help="80 are 70 billion parameters.")
@click.option("--pairs", default=1, show_default=True, help="How many times both run, in turn.")
def fake(python: str, layers: int, pairs: int) -> None:
    """Time and memory of `qviz run --fake` on a Llama, beside plain torch that does the same."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "big_model.py").write_text(MODEL.format(layers=layers), encoding="utf-8")
        plain = [python, "-c", PLAIN, folder]
        flow = ["--flow", "pt2e-dynamic", "--fake", "--python", python, "--quiet"]
        qviz = [sys.executable, "-m", "qviz", "run", f"{folder}/big_model.py:llama", *flow, "-o", f"{folder}/out.qviz"]
        ratios = []
        for _ in range(pairs):
            costs = {name: cost(command) for name, command in (("torch", plain), ("qviz", qviz))}
            for name, each in costs.items():
                print(f"{name:5}  {each.cpu:6.1f} s cpu  {each.wall:6.1f} s wall  {each.gigabytes:.2f} GB", flush=True)
            ratios.append(costs["qviz"].cpu / costs["torch"].cpu)
        print("ratio of cpu:", *(f"{each:.2f}" for each in sorted(ratios)))
