"""Stack traces recorded without Inductor read as torch's own do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch.fx.proxy
from torch.fx.experimental import symbolic_shapes

from qviz.engine.serving.stack_traces import light_stack_traces

ROOT = Path(__file__).resolve().parents[2]

MODEL = """
import torch
from torch import nn

def doubled(x):
    return [each * 2
            for each in (x, x)][0]

class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.act = nn.GELU()
    def forward(self, x):
        return self.act(self.linear(x)) + doubled(
            x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Inner(), nn.Sequential(Inner(), nn.Dropout(0.1)))
        self.norm = nn.LayerNorm(4)
    def forward(self, x, flag=None):
        y = self.blocks(x); z = self.norm(y)
        made = eval("torch.relu(z)", {"torch": torch, "z": z})
        return (lambda a: torch.cat([a, z]))(made)

class WithoutLines(nn.Module):
    def forward(self, x, *, flag=None):  # torch.fx replaces the code of such a function by one without line numbers
        return x + 1
"""
COMPARE = """
import json, sys
import torch
from torch import nn
from torch.fx import Tracer
from user_model import Net, WithoutLines
from qviz.engine.serving.stack_traces import light_stack_traces

class Deep(Tracer):
    record_stack_traces = True
    def __init__(self):
        super().__init__()
        self.record_stack_traces = True
    def is_leaf_module(self, module, path):
        return isinstance(module, (nn.BatchNorm2d, nn.MultiheadAttention)) or path == "blocks.0.linear"

exec(compile("class Made(nn.Module):\\n    def forward(self, x):\\n        return x.relu() + 1\\n", "<string>", "exec"))
layer = nn.TransformerDecoderLayer(4, 2, 8, norm_first=True)
models = [Net(), layer, nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()), Made(), WithoutLines()]

def texts():
    graphs = [Deep().trace(model.eval()) for model in models]
    return [(node.name, node.stack_trace) for graph in graphs for node in graph.nodes]

with light_stack_traces():
    ours = texts()
assert not {"torch._dynamo", "torch._inductor"} & sys.modules.keys()
theirs = texts()
assert {"torch._dynamo", "torch._inductor"} <= sys.modules.keys()
with light_stack_traces():
    afterwards = texts()
print(json.dumps([ours, theirs, afterwards]))
"""


def test_the_text_is_torchs_own(tmp_path: Path) -> None:
    (tmp_path / "user_model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "compare.py").write_text(COMPARE, encoding="utf-8")
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        f"import sys; sys.path[:0] = {[str(tmp_path), str(ROOT)]}; import compare",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ours, theirs, afterwards = json.loads(done.stdout.splitlines()[-1])
    assert ours == theirs == afterwards
    written = [text for _, text in ours if text]
    assert len(written) > 40
    assert any("user_model.py" in text and "return [each * 2" in text for text in written)
    assert any("container.py" in text for text in written)


fx_proxy: Any = torch.fx.proxy  # without what it imports, by its own annotations


def test_torchs_own_is_back_after_a_run_even_a_failed_one() -> None:
    before = fx_proxy.CapturedTraceback, symbolic_shapes.uninteresting_files
    with light_stack_traces():
        assert fx_proxy.CapturedTraceback is not before[0]
    assert (fx_proxy.CapturedTraceback, symbolic_shapes.uninteresting_files) == before
    with pytest.raises(ZeroDivisionError), light_stack_traces():
        raise ZeroDivisionError
    assert (fx_proxy.CapturedTraceback, symbolic_shapes.uninteresting_files) == before
