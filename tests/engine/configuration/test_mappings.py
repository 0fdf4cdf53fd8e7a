from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.ao import quantization as q
from torch.ao.quantization.qconfig import qconfig_equals

from qviz.document.configuration import Factory, QConfig, Rule
from qviz.document.plan import Plan
from qviz.engine.configuration.backend_configs import make_backend_config
from qviz.engine.configuration.mappings import make_mapping
from qviz.engine.configuration.qconfigs import make_qconfig
from qviz.errors import QvizError

MINE = """
from torch.ao.quantization import QConfigMapping, default_per_channel_qconfig, get_default_qconfig_mapping
from torch.ao.quantization.backend_config import get_fbgemm_backend_config

per_channel = default_per_channel_qconfig
mapping = get_default_qconfig_mapping("qnnpack")
number = 3
older = {"": per_channel}

def only(type_name="Linear"):
    import torch
    return QConfigMapping().set_object_type(getattr(torch.nn, type_name), per_channel)

def backend():
    return get_fbgemm_backend_config().set_name("mine")
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine_of_mappings.py").write_text(MINE)
    return "mine_of_mappings"


def plan(flow: str = "fx-static", **fields: Any) -> Plan:
    return Plan(source="sample:residual", flow=flow, **fields)


def same(one: q.QConfigMapping, other: q.QConfigMapping) -> bool:
    first, second = one.to_dict(), other.to_dict()
    return all(
        [entry[:-1] for entry in first[key]] == [entry[:-1] for entry in second[key]]
        and all(_equal(a[-1], b[-1]) for a, b in zip(first[key], second[key], strict=True))
        for key in first
        if key
    ) and _equal(first[""], second[""])


def _equal(one: q.QConfig | None, other: q.QConfig | None) -> bool:
    return qconfig_equals(one, other) or repr(one) == repr(other)


def again(written) -> Any:
    names: dict[str, Any] = {"torch": torch}
    exec("\n".join(written.imports), names)
    return eval(written.python, names)


FLOAT16 = q.QConfigMapping().set_global(q.float16_dynamic_qconfig)


@pytest.mark.parametrize(
    ("made_of", "meant"),
    [
        (plan(backend="qnnpack"), q.get_default_qconfig_mapping("qnnpack")),
        (plan("fx-qat", backend="onednn"), q.get_default_qat_qconfig_mapping("onednn")),
        (plan("fx-dynamic"), q.QConfigMapping().set_global(q.default_dynamic_qconfig)),
        (plan("fx-weight-only", weight_dtype="float16"), FLOAT16),
        (plan(qconfig="default_per_channel_qconfig"), q.QConfigMapping().set_global(q.default_per_channel_qconfig)),
        (plan(qconfig="mine_of_mappings:per_channel"), q.QConfigMapping().set_global(q.default_per_channel_qconfig)),
        (plan(qconfig="mine_of_mappings:mapping"), q.get_default_qconfig_mapping("qnnpack")),
        (
            plan(qconfig="mine_of_mappings:only(type_name='Conv2d')"),
            q.QConfigMapping().set_object_type(torch.nn.Conv2d, q.default_per_channel_qconfig),
        ),
    ],
)
def test_what_the_mapping_begins_with(mine: str, made_of: Plan, meant: q.QConfigMapping):
    made = make_mapping(made_of)
    assert same(made.written.value, meant)
    assert same(again(made.written), meant)


def test_every_kind_of_rule_is_the_call_of_its_name():
    per_channel = QConfig("default_per_channel_qconfig")
    histogram = QConfig(activation=Factory("HistogramObserver", {"reduce_range": True}))
    made = make_mapping(
        plan(
            rules=(
                Rule("global", qconfig=QConfig("default")),
                Rule("object_type", "torch.nn.Conv2d", per_channel),
                Rule("object_type", "reshape"),
                Rule("module_name_regex", "layer[12].*", histogram),
                Rule("module_name", "fc"),
                Rule("module_name_object_type_order", "block", per_channel, "torch.add", 1),
            )
        )
    )
    default = q.get_default_qconfig("x86")
    meant = (
        q.get_default_qconfig_mapping("x86")
        .set_global(default)
        .set_object_type(torch.nn.Conv2d, q.default_per_channel_qconfig)
        .set_object_type("reshape", None)
        .set_module_name_regex(
            "layer[12].*", q.QConfig(q.HistogramObserver.with_args(reduce_range=True), default.weight)
        )
        .set_module_name("fc", None)
        .set_module_name_object_type_order("block", torch.add, 1, q.default_per_channel_qconfig)
    )
    assert same(made.written.value, meant)
    assert same(again(made.written), meant)


def test_the_users_own_mapping_stays_as_it_is(mine: str):
    made = make_mapping(plan(qconfig=f"{mine}:mapping", rules=(Rule("module_name", "fc"),)))
    assert "fc" in made.written.value.module_name_qconfigs
    assert "fc" not in made.base.module_name_qconfigs


@pytest.mark.parametrize(
    ("fields", "message", "hint"),
    [
        ({"qconfig": "default_per_chanel_qconfig"}, "no qconfig", "default_per_channel_qconfig"),
        ({"qconfig": "mine_of_mappings:number"}, "returns a int, neither a QConfig nor", "function"),
        ({"qconfig": "mine_of_mappings:older"}, "returns a dict, neither", "QConfigMapping.from_dict"),
        ({"qconfig": "mine_of_mappings:onyl"}, 'has no "onyl"', "only"),
        ({"rules": (Rule("object_type", "torch.nn.Linea"),)}, '"torch.nn.Linea" was not found', "torch.nn.Linear"),
        ({"rules": (Rule("module_name_regex", "a("),)}, "not a regular expression", "layer1"),
        ({"rules": (Rule("module_name_object_type_order", "a"),)}, "lacks object_type", "0 is"),
        ({"rules": (Rule("module_name", "a", QConfig("mine_of_mappings:mapping")),)}, "not a QConfig", "Name"),
    ],
)
def test_what_does_not_exist_is_refused(mine: str, fields: dict[str, Any], message: str, hint: str):
    with pytest.raises(QvizError, match=message) as error:
        make_mapping(plan(**fields))
    assert hint in (error.value.hint or "")


@pytest.mark.parametrize(
    ("flow", "meant"),
    [
        ("fx-static", q.get_default_qconfig("x86")),
        ("fx-qat", q.get_default_qat_qconfig("x86")),
        ("fx-dynamic", q.default_dynamic_qconfig),
        ("fx-weight-only", q.float_qparams_weight_only_qconfig),
    ],
)
def test_what_a_qconfig_leaves_out_is_the_default_of_the_flow(flow: str, meant: q.QConfig):
    made = make_qconfig(QConfig(activation=Factory("NoopObserver")), plan(flow)).value
    assert made.activation is q.NoopObserver
    assert repr(made.weight) == repr(meant.weight)


@pytest.mark.parametrize("name", ["native", "fbgemm", "qnnpack", "x86", "onednn", "executorch", "tensorrt"])
def test_each_backend_config_is_torchs(name: str):
    made = make_backend_config(name)
    assert made is not None
    assert made.value.name == name
    assert [repr(each.pattern) for each in again(made).configs] == [repr(each.pattern) for each in made.value.configs]


def test_a_backend_config_of_the_users_own_and_none(mine: str):
    made = make_backend_config(f"{mine}:backend")
    assert made is not None
    assert made.value.name == "mine"
    assert make_backend_config(None) is None
    with pytest.raises(QvizError, match="returns a int, not a BackendConfig"):
        make_backend_config(f"{mine}:number")
    with pytest.raises(QvizError, match='Unknown backend config "onnednn"') as error:
        make_backend_config("onnednn")
    assert error.value.hint == "Did you mean onednn?"
