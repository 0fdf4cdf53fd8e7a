from __future__ import annotations

import gc
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from qviz.analysis.regions import precision
from qviz.document import codec
from qviz.document.flows import FLOWS, Method, flow
from qviz.document.graph import lint
from qviz.document.plan import Plan
from qviz.document.samples import SAMPLES
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded, run_plan
from qviz.errors import QvizError
from qviz.wire.messages import Message, StageReached, StepStarted
from tests.engine.small_models import Net
from tests.sweeps import pairs

SMALL = [each.name for each in SAMPLES if each.name != "seed"]


def run(source: str, flow: str | None = "fx-static", **fields: Any) -> Snapshot:
    return run_plan(Plan(source=source, flow=flow, **fields), lambda _: None)


@pytest.mark.parametrize(("sample", "name"), pairs(SMALL, [each.id for each in FLOWS], one_in=2))
def test_every_sample_goes_through_every_stage(sample: str, name: str):
    chosen = flow(name)
    assert chosen is not None
    snapshot = run(f"sample:{sample}", name)
    assert snapshot.run.status == "done"
    assert tuple(stage.name for stage in snapshot.stages) == chosen.stages
    for stage in snapshot.stages:
        assert lint(stage.graph) == []
        assert stage.code
        assert "def forward" in stage.code
    last = snapshot.stages[-1]
    linked = {node for link in snapshot.links if link.to_stage == last.name for node in link.to_ids}
    assert linked == {node.id for node in last.graph.nodes}
    if chosen.method not in (Method.WEIGHT_ONLY, Method.FUSION):
        has_linear = any(
            node.module_type == "Linear" or "linear" in node.target for node in snapshot.stages[0].graph.nodes
        )
        assert bool(precision(last.graph).low) == (has_linear or chosen.method is not Method.DYNAMIC)
        observed = [fact.observer for fact in snapshot.facts.get("prepared", {}).values() if fact.observer]
        assert all(each.calibrated is not False for each in observed)
        assert observed or chosen.method is Method.DYNAMIC


def test_same_plan_same_bytes():
    assert codec.encode(run("sample:residual")) == codec.encode(run("sample:residual"))


def test_each_backend_of_this_machine_runs():
    for backend in ("x86", "fbgemm", "qnnpack", "onednn"):
        if backend in torch.backends.quantized.supported_engines:
            assert run("sample:conv-bn-relu", backend=backend).run.config["backend"] == backend


def test_the_inductor_quantizer_and_the_reference_run():
    assert run("sample:conv-bn-relu", "pt2e-static", quantizer="x86_inductor").run.status == "done"
    assert [each.name for each in run("sample:seed-small", reference=True).stages][-2:] == ["reference", "converted"]
    assert run("sample:seed-small", "pt2e-static", reference=True).stages[-1].name == "reference"


def test_without_a_flow_the_graph_is_captured():
    snapshot = run("sample:residual", None)
    assert [stage.name for stage in snapshot.stages] == ["captured"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"backend": "tpu"}, 'backend "tpu"'),
        ({"flow": "fx-magic"}, 'Unknown flow "fx-magic"'),
        ({"flow": "pt2e-static", "quantizer": "mine"}, 'Unknown quantizer "mine"'),
        ({"inputs": ("1x4x16x16",)}, r"does not run on 1×4×16×16 float32 at .*conv_bn_relu.py:\d+: "),
    ],
)
def test_bad_input_is_refused_before_anything_runs(fields: dict[str, Any], message: str):
    with pytest.raises(QvizError, match=message):
        run("sample:conv-bn-relu", **fields)


BRANCH = """
import torch

class Branch(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        if x.sum() > 0:
            return self.fc(x)
        return x

example_inputs = torch.ones(1, 4)
"""


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_a_model_that_cannot_be_captured_names_its_line(tmp_path: Path, flow: str):
    (tmp_path / "branch.py").write_text(BRANCH)
    snapshot = run(f"{tmp_path / 'branch.py'}:Branch", flow)
    error = snapshot.run.error
    assert snapshot.run.status == "failed"
    assert error is not None
    assert error.source is not None
    assert (error.step, error.source.line, error.source.code) == ("capturing", 10, "if x.sum() > 0:")
    assert error.hint
    assert "Traceback" in (error.traceback or "")


def test_calibration_that_fails_keeps_the_stages_before_it():
    def batches():
        yield (torch.ones(2, 4, 8, 8),)
        raise OSError("the disk is gone")

    loaded = Loaded(Net(), (torch.ones(2, 4, 8, 8),), batches())
    snapshot = run_loaded(loaded, Plan(source="net", flow="fx-static"), lambda _: None)
    assert [stage.name for stage in snapshot.stages] == ["captured", "fused", "prepared"]
    assert snapshot.run.error is not None
    assert (snapshot.run.error.step, snapshot.run.error.message) == ("calibrating", "the disk is gone")


def test_the_users_model_and_torchs_state_stay_as_they_are():
    model = Net().train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    torch.manual_seed(7)
    random.seed(7)
    rng, python_rng, engine = torch.get_rng_state(), random.getstate(), torch.backends.quantized.engine
    loaded = Loaded(model, (torch.ones(2, 4, 8, 8),))
    snapshot = run_loaded(loaded, Plan(source="net", flow="fx-static", backend="qnnpack"), lambda _: None)
    assert snapshot.run.status == "done"
    assert [each.rule for each in snapshot.findings] == ["mode_changed"]
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not hasattr(model, "qconfig")
    assert torch.equal(torch.get_rng_state(), rng)
    assert (random.getstate(), torch.backends.quantized.engine) == (python_rng, engine)
    gc.collect()


def test_reports_come_in_order_with_calibration_counted():
    reports: list[Message] = []
    data = [(torch.randn(2, 4, 8, 8),) for _ in range(3)]
    run_loaded(Loaded(Net().eval(), data[0], data), Plan(source="net", flow="fx-static"), reports.append)
    counted = [
        (each.done, each.total) for each in reports if isinstance(each, StepStarted) and each.step == "calibrating"
    ]
    assert counted == [(0, 3), (1, 3), (2, 3), (3, 3)]
    reached = [each.stage.name for each in reports if isinstance(each, StageReached)]
    assert reached == ["captured", "fused", "prepared", "converted"]


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
@pytest.mark.parametrize("sample", ["conv-bn-relu", "transformer"])
def test_the_script_of_a_run_gives_its_graph_with_plain_torch(sample: str, flow: str, monkeypatch: pytest.MonkeyPatch):
    snapshot = run(f"sample:{sample}", flow)
    from qviz.assets import asset

    monkeypatch.syspath_prepend(str(asset("samples")))
    names: dict[str, Any] = {}
    exec(snapshot.run.python.replace("print(converted)", ""), names)
    made = [node.name for node in names["converted"].graph.nodes]
    assert made == [node.id for node in snapshot.stages[-1].graph.nodes]


class Adds(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 1)
        self.adding = torch.ao.nn.quantized.FloatFunctional()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.adding.add(x, self.conv(x))


def test_captured_is_what_prepare_itself_traces():
    inputs = (torch.ones(1, 3, 4, 4),)
    snapshot = run_loaded(Loaded(Adds().eval(), inputs), Plan(source="adds", flow="fx-static"), lambda _: None)
    before, prepared = (snapshot.stage(name).graph.nodes for name in ("fused", "prepared"))
    assert [each.id for each in before] == [each.id for each in prepared if each.kind != "observer"]
    assert "add" in {each.id for each in before}


def test_one_module_in_training_mode_is_a_change_of_mode():
    model = Net().eval()
    next(model.children()).train()
    snapshot = run_loaded(Loaded(model, (torch.ones(2, 4, 8, 8),)), Plan(source="net"), lambda _: None)
    assert [each.rule for each in snapshot.findings] == ["mode_changed"]
    assert next(model.children()).training
