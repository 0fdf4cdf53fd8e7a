"""Runs on fake tensors: the graphs of a real run, and nothing that only weights could tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from qviz.analysis.verdicts.summary import summarize
from qviz.document.graph import Kind, Node
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.serving.run import run_plan
from qviz.errors import QvizError

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, dtype=torch.float32):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(128, 4)
        self.scale = nn.Parameter(torch.ones(4))
        self.to(dtype)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.fc(x.flatten(1)) * self.scale

class Half(Net):
    def __init__(self):
        super().__init__(torch.bfloat16)

class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(60_000, 60_000) for _ in range(8)])  # 115 GB

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

class NoGrad(Net):
    def forward(self, x):
        with torch.no_grad():
            x = self.norm(self.conv(x))
        return self.fc(x.flatten(1))

class Read(Net):
    def __init__(self):
        super().__init__()
        self.size = self.scale.sum().item()

class Numpy(Net):
    def __init__(self):
        super().__init__()
        self.size = float(self.scale.detach().numpy().max())

class Lists(Net):
    def __init__(self):
        super().__init__()
        self.sizes = self.scale.detach().tolist()

class Lazy(Net):
    def __init__(self):
        super().__init__()
        self.last = nn.LazyLinear(4)

class Wrong(Net):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(128, "4")

made = Net()
example_inputs = (torch.randn(1, 3, 4, 4),)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of models with example inputs."""
    path = tmp_path_factory.mktemp("fake") / "net_of_fakes.py"
    path.write_text(MODEL)
    return path


def run(source: str, flow: str | None, **fields: object) -> Snapshot:
    """Run a flow on fakes, or not."""
    return run_plan(Plan(source, flow=flow, measure=False, **{"fake": True, **fields}), lambda report: None)  # type: ignore[arg-type]


def told(node: Node) -> tuple[object, ...]:
    """Return what is known of a node without its numbers."""
    assert node.why is not None
    return node.id, node.kind, node.values, node.module_path, node.why.code, node.why.roles, unscaled(node.why.args)


def unscaled(args: object) -> object:
    """Return the arguments of a reason without scales."""
    if isinstance(args, dict):
        return {name: unscaled(each) for name, each in args.items() if name != "qparams"}
    return args


@pytest.mark.parametrize(
    ("flow", "quantizer"),
    [
        ("pt2e-static", "xnnpack"),
        ("pt2e-dynamic", "xnnpack"),
        pytest.param("pt2e-qat", "xnnpack", marks=pytest.mark.slow),  # prepare_qat_pt2e takes a quarter of a minute
        ("pt2e-static", "x86_inductor"),
    ],
)
def test_the_graphs_are_those_of_a_real_run(flow: str, quantizer: str, file: Path):
    real = run(f"{file}:Net", flow, fake=False, quantizer=quantizer, strict=False if flow != "pt2e-qat" else None)
    fake = run(f"{file}:Net", flow, quantizer=quantizer)
    assert fake.run.error is None
    assert [stage.name for stage in fake.stages] == [stage.name for stage in real.stages]
    for mine, theirs in zip(fake.stages, real.stages, strict=True):
        assert [*map(told, mine.graph.nodes)] == [*map(told, theirs.graph.nodes)]
        assert mine.graph.edges == theirs.graph.edges
    assert fake.links == real.links
    assert summarize(fake.stages, fake.links, fake.facts) == summarize(real.stages, real.links, real.facts)


def test_nothing_is_said_that_only_numbers_tell(file: Path):
    fake = run(f"{file}:Net", "pt2e-static")
    params = [
        each
        for stage in fake.stages
        for node in stage.graph.nodes
        if node.quant
        for each in (node.quant.input, node.quant.weight, node.quant.output)
        if each is not None
    ]
    assert params
    assert all(each.scale is None and each.zero_point is None for each in params)
    casts = [node for node in fake.stages[-1].graph.nodes if node.kind in (Kind.QUANTIZE, Kind.DEQUANTIZE)]
    assert casts
    assert not any(isinstance(each, float) for node in casts for each in node.args)
    assert all(
        each.observer is None and each.integers is None for facts in fake.facts.values() for each in facts.values()
    )
    assert fake.measurements is None
    assert [each.rule for each in fake.findings if each.level.name != "INFO"] == []
    assert "on_fake_tensors" in {each.rule for each in fake.findings}


def test_half_precision_is_taken_to_float_where_it_is(file: Path):
    fake = run(f"{file}:Half", "pt2e-static")
    assert fake.run.error is None
    assert "made_ready" in {each.rule for each in fake.findings}
    assert any(node.kind is Kind.QUANTIZE for node in fake.stages[-1].graph.nodes)


def test_a_model_larger_than_the_machine_takes_no_memory(file: Path):
    code = (
        "import re\n"
        "from pathlib import Path\n"
        "from qviz.document.plan import Plan\n"
        "from qviz.engine.serving.run import run_plan\n"
        f"plan = Plan({f'{file}:Wide'!r}, flow='pt2e-static', inputs=('1x60000',), fake=True)\n"
        "found = run_plan(plan, lambda report: None)\n"
        "assert found.run.error is None, found.run.error\n"
        "low = found.summary['coverage']['operators']\n"
        # not ru_maxrss: it begins with what the process that started this one holds
        "most = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())\n"
        "print(low[0], int(most[1]) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    low, megabytes = map(int, done.stdout.split())
    assert low == 8
    assert megabytes < 1500


@pytest.mark.parametrize(
    ("source", "flow", "told"),
    [
        ("{file}:made", "pt2e-static", "has its weights already"),
        ("{file}:Net", "fx-static", "PT2E flows only"),
        ("{file}:Net", None, "PT2E flows only"),
    ],
)
def test_what_fakes_cannot_do_is_refused(source: str, flow: str | None, told: str, file: Path):
    with pytest.raises(QvizError, match=told):
        run(source.format(file=file), flow)


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        ("Read", "no weight has a value"),
        ("Numpy", "no weight has a value"),
        ("Lists", "no weight has a value"),
        ("Lazy", "lazy"),
    ],
)
def test_what_only_fakes_cannot_build_is_told_as_that(model: str, hint: str, file: Path):
    with pytest.raises(QvizError) as failure:
        run(f"{file}:{model}", "pt2e-static")
    assert hint in failure.value.hint
    assert failure.value.option == "--fake"
    assert f"{file}:" in failure.value.message


def test_a_model_that_nothing_builds_is_told_as_ever(file: Path):
    for fake in (True, False):
        with pytest.raises(QvizError) as failure:
            run(f"{file}:Wrong", "pt2e-static", fake=fake)
        assert "fake" not in failure.value.hint


def test_kernels_are_refused(file: Path):
    with pytest.raises(QvizError, match="lowered"):
        run(f"{file}:Net", "pt2e-static", quantizer="x86_inductor", lower=True)


def test_a_model_that_sets_the_grad_mode_is_captured_once_and_says_what_a_real_run_says(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    """The capture with grad, of which a real run learns the same, takes minutes of a large model."""
    captures: list[bool] = []
    export = torch.export.export

    def counting(*args: object, **options: object) -> object:
        captures.append(torch.is_grad_enabled())
        return export(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.export, "export", counting)
    real = run(f"{file}:NoGrad", "pt2e-static", fake=False, strict=False)
    assert captures == [True, False]
    fake = run(f"{file}:NoGrad", "pt2e-static")
    assert captures[2:] == [False]
    told = {each.rule: each for each in (*real.findings, *fake.findings)}["captured_without_grad"]
    assert (told.args["regions"], told.args["file"]) == (1, file.name)
    assert MODEL.splitlines()[int(str(told.args["line"])) - 1].strip() == "with torch.no_grad():"
    assert [node.id for node in fake.stages[-1].whole.nodes] == [node.id for node in real.stages[-1].whole.nodes]
