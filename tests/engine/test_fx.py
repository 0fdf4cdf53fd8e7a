"""FX flows with everything a plan can say, and their scripts run by plain torch."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qviz.document.configuration import Custom, Factory, QConfig, Rule
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot, Stage
from qviz.engine.loading.importing import forget
from qviz.engine.recording.extract import record
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.torch_state import kept
from qviz.errors import QvizError

MODEL = """
import torch
from torch.ao.quantization import QConfig, QConfigMapping, MinMaxObserver, default_weight_observer

class Gate(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 1e6:  # torch.fx cannot follow this
            return x
        return x * 2

class Slow(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)

class ObservedSlow(torch.nn.Module):
    def __init__(self, fc):
        super().__init__()
        self.fc = fc

    def forward(self, x):
        return self.fc(x)

    @classmethod
    def from_float(cls, module):
        assert module.qconfig is not None
        made = cls(module.fc)
        made.qconfig = module.qconfig
        return made

class QuantizedSlow(torch.nn.Module):
    def __init__(self, fc):
        super().__init__()
        self.fc = fc

    def forward(self, x):
        return torch.quantize_per_tensor(self.fc(x.dequantize()), 0.125, 64, torch.quint8)

    @classmethod
    def from_observed(cls, module):
        return cls(module.fc)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.classes = ["cat", "dog"]
        self.conv1 = torch.nn.Conv2d(3, 4, 3)
        self.bn = torch.nn.BatchNorm2d(4)
        self.relu = torch.nn.ReLU()
        self.conv2 = torch.nn.Conv2d(4, 4, 3)
        self.slow = Slow()
        self.fc = torch.nn.Linear(4, 4)
        self.out = torch.nn.Linear(4, 2)

    def forward(self, x):
        x = self.relu(self.bn(self.conv1(x)))
        y = self.conv2(x)
        x = torch.add(torch.add(y, y), y)
        return self.out(torch.relu(self.fc(self.slow(x))))

class Gated(Net):
    def __init__(self):
        super().__init__()
        self.gate = Gate()

    def forward(self, x):
        return super().forward(self.gate(x))

class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = torch.nn.Embedding(8, 16)
        self.fc = torch.nn.Linear(16, 4)

    def forward(self, ids):
        return self.fc(self.emb(ids))

def net():
    return Net(), (torch.randn(2, 3, 8, 8),)

def gated():
    return Gated(), (torch.randn(2, 3, 8, 8),)

def words():
    return Words(), (torch.arange(6).reshape(2, 3),)

per_tensor = QConfig(MinMaxObserver.with_args(quant_min=0, quant_max=127), default_weight_observer)
mapping = QConfigMapping().set_global(per_tensor).set_module_name("fc", None)

def backend(name="fbgemm"):
    from torch.ao.quantization.backend_config import get_fbgemm_backend_config
    return get_fbgemm_backend_config().set_name(name)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "net_of_fx.py"
    path.write_text(MODEL)
    yield str(path)
    sys.modules.pop("net_of_fx", None)
    forget()


def run(file: str, model: str = "net", flow: str | None = "fx-static", **fields: Any) -> Snapshot:
    snapshot = run_plan(Plan(source=f"{file}:{model}", flow=flow, **fields), lambda _: None)
    assert snapshot.run.error is None, snapshot.run.error
    return snapshot


def again(snapshot: Snapshot) -> dict[str, Stage]:
    """Run the script of a run, and record the modules that it leaves under the names of stages."""
    forget()
    sys.modules.pop("net_of_fx", None)
    names: dict[str, Any] = {"__name__": "again"}
    with kept(99), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(snapshot.run.python, "again.py", "exec"), names)
        stages = {"captured", "fused", "reference", "converted"} & set(names)
        return {name: record(name, names[name], names["example_inputs"], None)[0] for name in stages}


def same(made: Stage, meant: Stage) -> None:
    assert [plain(node) for node in made.graph.nodes] == [plain(node) for node in meant.graph.nodes]
    assert made.graph.edges == meant.graph.edges


def plain(node) -> tuple[Any, ...]:
    type_ = node.module_type if node.op == "call_module" else ""  # of others it is told by the stage before
    return node.id, node.target, node.kind, type_, node.quant, node.values


def nodes(snapshot: Snapshot, stage: str = "converted") -> dict[str, Any]:
    return {node.id: node for node in snapshot.stage(stage).graph.nodes}


EVERY_RULE = (
    Rule("global", qconfig=QConfig("default")),
    Rule("object_type", "torch.nn.Linear", QConfig("default_per_channel_qconfig")),
    Rule("module_name_regex", "conv[2-9]", QConfig(weight=Factory("default_weight_observer", {"quant_max": 100}))),
    Rule("module_name", "out"),
    Rule("module_name_object_type_order", "", None, "torch.add", 1),
    Rule(
        "module_name",
        "conv1",
        QConfig(
            activation=Factory("MovingAverageMinMaxObserver", {"averaging_constant": 0.1, "dtype": "torch.quint8"}),
            weight=Factory(
                "MinMaxObserver",
                {"dtype": "torch.qint8", "qscheme": "torch.per_tensor_symmetric", "quant_min": -64, "quant_max": 63},
            ),
        ),
    ),
)


def label(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "-".join(each if isinstance(each, str) and "{" not in each else key for key, each in value.items())


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("net", {"flow": "fx-static"}),
        ("net", {"flow": "fx-static", "backend": "qnnpack", "reference": True}),
        ("net", {"flow": "fx-qat", "seed": 3}),
        ("net", {"flow": "fx-qat", "rules": (Rule("module_name", "fc"),), "reference": True}),
        ("net", {"flow": "fx-dynamic"}),
        ("net", {"flow": "fx-dynamic", "qconfig": "per_channel_dynamic_qconfig"}),
        ("net", {"flow": "fx-dynamic", "qconfig": "float16_dynamic_qconfig"}),
        ("net", {"flow": "fx-qat", "qconfig": "default_dynamic_qat_qconfig"}),
        ("words", {"flow": "fx-weight-only"}),
        ("words", {"flow": "fx-weight-only", "weight_dtype": "quint4x2"}),
        ("words", {"flow": "fx-weight-only", "weight_dtype": "float16"}),
        ("net", {"flow": "fx-fuse"}),
        ("net", {"flow": "fx-fuse", "backend_config": "onednn", "custom": Custom(preserved_attributes=("classes",))}),
        ("net", {"rules": EVERY_RULE}),
        ("net", {"qconfig": "{file}:per_tensor"}),
        ("net", {"qconfig": "{file}:mapping", "rules": (Rule("module_name", "out"),)}),
        ("net", {"backend_config": "{file}:backend(name='mine')"}),
        ("net", {"backend_config": "x86"}),
        ("net", {"backend_config": "executorch", "qconfig": "default_symmetric_qnnpack_qconfig", "backend": "qnnpack"}),
        ("net", {"flow": None, "custom": Custom(non_traceable_classes=("{file}:Slow",))}),
        (
            "gated",
            {
                "rules": EVERY_RULE,
                "backend_config": "onednn",
                "custom": Custom(
                    non_traceable_modules=("gate",),
                    preserved_attributes=("classes",),
                    float_to_observed={"{file}:Slow": "{file}:ObservedSlow"},
                    observed_to_quantized={"{file}:ObservedSlow": "{file}:QuantizedSlow"},
                ),
            },
        ),
    ],
    ids=label,
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_script_of_every_configuration_gives_the_graphs_and_scales_of_the_run(
    file: str, model: str, fields: dict[str, Any]
):
    snapshot = run(file, model, **{key: filled(value, file) for key, value in fields.items()})
    made = again(snapshot)
    same(made[snapshot.stages[-1].name], snapshot.stages[-1])
    if fields.get("reference"):
        same(made["reference"], snapshot.stage("reference"))
    if snapshot.run.flow not in ("", "fx-fuse"):
        assert any(node.kind is Kind.QUANTIZED_OP for node in snapshot.stages[-1].graph.nodes)


def filled(value: Any, file: str) -> Any:
    """Put the file's path where the table says ``{file}``."""
    if isinstance(value, str):
        return value.replace("{file}", file)
    if isinstance(value, Custom):
        return msgspec.json.decode(msgspec.json.encode(value).replace(b"{file}", file.encode()), type=Custom)
    return value


def test_every_rule_does_what_it_says(file: str):
    snapshot = run(file, rules=EVERY_RULE)
    after = nodes(snapshot)
    matched: Any = snapshot.run.config["rules"]
    assert [each["matched"] for each in matched] == [2, 2, 1, 1, 1, 1]
    assert after["out"].module_type == "Linear"
    assert after["fc"].quant.weight.qscheme == "torch.per_channel_affine"
    assert after["conv2"].quant.weight.qscheme == "torch.per_tensor_affine"
    prepared = nodes(snapshot, "prepared")
    watching = [node.observer.type for node in prepared.values() if node.observer and node.args[0] == {"node": "conv1"}]
    assert watching == ["MovingAverageMinMaxObserver"]
    assert after["add_1"].kind is Kind.OP
    assert "operator.add" not in snapshot.run.python


@pytest.mark.filterwarnings("ignore:must run observer:UserWarning")
def test_what_is_not_traced_is_one_node_in_every_stage(file: str):
    failed = run_plan(Plan(source=f"{file}:gated", flow="fx-static"), lambda _: None)
    assert failed.run.error is not None
    snapshot = run(file, "gated", custom=Custom(non_traceable_modules=("gate",)))
    for stage in snapshot.stages:
        assert nodes(snapshot, stage.name)["gate"].module_type == "Gate"
    captured = run(file, "gated", None, custom=Custom(non_traceable_classes=(f"{file}:Gate",)))
    assert "torch.export" not in captured.run.python
    assert nodes(captured, "captured")["gate"].module_type == "Gate"


def test_modules_of_the_users_own_are_observed_and_quantized(file: str):
    custom = Custom(
        float_to_observed={f"{file}:Slow": f"{file}:ObservedSlow"},
        observed_to_quantized={f"{file}:ObservedSlow": f"{file}:QuantizedSlow"},
    )
    snapshot = run(file, custom=custom)
    types = [nodes(snapshot, stage.name)["slow"].module_type for stage in snapshot.stages]
    assert types == ["Slow", "Slow", "ObservedSlow", "QuantizedSlow"]
    assert nodes(snapshot)["slow"].values[0].dtype == "torch.quint8"


def test_inputs_and_outputs_may_be_quantized_tensors(file: str):
    free, held = run(file), run(file, custom=Custom(output_quantized=(0,)))
    assert free.stages[-1].graph.nodes[-1].values[0].dtype == "torch.float32"
    assert held.stages[-1].graph.nodes[-1].args[0] == {"node": "out"}
    taken = run_plan(Plan(source=f"{file}:net", flow="fx-static", custom=Custom(input_quantized=(0,))), lambda _: None)
    assert "quantize_per_tensor" not in {node.target for node in taken.stages[-1].graph.nodes}
    assert ".set_input_quantized_indexes([0])" in taken.run.python


@pytest.mark.parametrize(
    ("custom", "message", "hint"),
    [
        (Custom(non_traceable_modules=("gat",)), 'no module "gat"', "gate"),
        (Custom(non_traceable_classes=("torch.add",)), "torch.add is not a module class", "torch.nn.LSTM"),
        (Custom(preserved_attributes=("clases",)), 'no attribute "clases"', "classes"),
        (Custom(input_quantized=(1,)), "no input 1", "takes 1"),
        (Custom(float_to_observed={"torch.nn.Linaer": "torch.nn.Linear"}), "torch.nn.Linaer", "torch.nn.Linear"),
    ],
)
@pytest.mark.parametrize("flow", ["fx-static", "fx-fuse", None])
def test_custom_configuration_that_torch_would_pass_over_is_refused(file, flow, custom, message: str, hint: str):
    with pytest.raises(QvizError, match=message) as error:
        run(file, "gated", flow, custom=custom)
    assert hint in (error.value.hint or "")


def test_dynamic_flows_do_not_observe_modules_of_the_users_own(file: str):
    with pytest.raises(QvizError, match="for static quantization only"):
        run(file, flow="fx-dynamic", custom=Custom(float_to_observed={"torch.nn.LSTM": "torch.nn.LSTM"}))


@pytest.mark.parametrize("fields", [{"qconfig": "defalt_qconfig"}, {"backend_config": "tpu"}], ids=str)
def test_a_wrong_name_stops_before_anything_runs(file: str, fields: dict[str, Any]):
    steps: list[Any] = []
    with pytest.raises(QvizError, match=r"no qconfig|Unknown backend config"):
        run_plan(Plan(source=f"{file}:net", flow="fx-static", **fields), steps.append)
    assert not [each for each in steps if getattr(each, "step", "") == "capturing"]


@pytest.mark.parametrize(("dtype", "is_said"), [("quint8", True), ("quint4x2", True), ("float16", False)])
def test_weight_only_says_that_there_is_no_linear_in_8_bits(file: str, dtype: str, is_said: bool):
    snapshot = run(file, "words", "fx-weight-only", weight_dtype=dtype)
    said = [each for each in snapshot.findings if each.rule == "no_weight_only_linear"]
    assert [each.nodes for each in said] == ([("fc",)] if is_said else [])
    low = nodes(snapshot)["emb" if is_said else "fc"].quant.weight.dtype
    assert low == {"quint8": "torch.quint8", "quint4x2": "torch.quint4x2", "float16": "torch.float16"}[dtype]
    assert nodes(snapshot)["fc" if is_said else "emb"].quant is None


def test_embeddings_are_trained_by_their_own_qconfig(file: str):
    rule = Rule("object_type", "torch.nn.Embedding", QConfig("default_embedding_qat_qconfig"))
    snapshot = run(file, "words", "fx-qat", rules=(rule,))
    after = nodes(snapshot)
    assert after["emb"].quant.weight.qscheme == "torch.per_channel_affine_float_qparams"
    assert after["emb"].kind is after["fc"].kind is Kind.QUANTIZED_OP
    same(again(snapshot)["converted"], snapshot.stages[-1])
