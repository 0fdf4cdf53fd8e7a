"""Each cause is said of the node that it holds for, and not of its neighbour."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

from qviz.document.configuration import QConfig, Rule
from qviz.document.graph import Why
from tests.faults.cases import GIVEN, IMAGE, ROW, STUBS, ran
from tests.faults.models import conv, linear, made, norm

GELU = made(lambda m, x: m.fc2(F.gelu(m.fc(x))), fc=linear(), fc2=linear())
TWO = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())


def whys(stage: str, *args: Any, **fields: Any) -> dict[str, Why]:
    nodes = ran(*args, **fields)().stage(stage).graph.nodes
    return {node.id: node.why for node in nodes if node.why is not None}


def test_an_operator_without_a_pattern_is_told_in_both_stages():
    for stage in ("prepared", "converted"):
        found = whys(stage, GELU, "fx-static", [ROW])
        assert found["gelu"].rule == "stays in float: the backend has no pattern for it"
        assert found["gelu"].api == "BackendConfig.configs"
        assert "float" not in found["fc"].rule


def test_torch_relu_is_a_pattern_only_with_others():
    model = made(lambda m, x: m.fc2(torch.relu(m.fc(x))), fc=linear(), fc2=linear())
    found = whys("converted", model, "fx-static", [ROW])
    assert found["relu"].rule == "stays in float: the backend has no pattern for it"
    assert "together with" in found["relu"].evidence


def test_a_qconfig_of_none_names_the_rule():
    found = whys("converted", TWO, "fx-static", [ROW], rules=(Rule("module_name", "fc"),))
    assert found["fc"].rule == "stays in float: its qconfig is None"
    assert found["fc"].api == "QConfigMapping.set_module_name('fc')"
    assert found["fc2"].rule == "runs in low precision: convert found a kernel for it"
    assert found["fc2"].api == "QConfigMapping.set_global"


def test_dtypes_that_the_backend_does_not_take():
    rules = (Rule("module_name", "fc", QConfig(name="default_symmetric_qnnpack_qconfig")),)
    found = whys("prepared", TWO, "fx-static", [ROW], rules=rules)
    assert found["fc"].rule == "stays in float: the backend does not take it with these dtypes"
    assert "activation torch.qint8" in found["fc"].evidence
    assert found["fc2"].rule.startswith("is quantized")


def test_observed_and_dropped_by_convert():
    rules = (Rule("module_name", "fc", QConfig(name=f"{GIVEN}:unsigned_weights")),)
    found = whys("converted", TWO, "fx-static", [ROW], rules=rules)
    assert found["fc"].rule == "stays in float: it was observed, but convert found no kernel for it"


def test_not_annotated_says_what_its_neighbours_are():
    found = whys("converted", GELU, "pt2e-static", [ROW])
    assert found["gelu"].rule == "stays in float: the quantizer did not annotate it"
    assert found["gelu"].evidence.endswith("annotated around it: linear, linear_1")
    assert found["linear"].rule == "is quantized: its quantizer annotated it"


def test_non_strict_capture_is_part_of_the_evidence():
    found = whys("prepared", GELU, "pt2e-static", [ROW], strict=False)
    assert found["gelu"].evidence.endswith("captured without source_fn_stack")


def test_fused_folded_and_not_fused():
    block = {"conv": conv(bias=False), "bn": norm, "relu": nn.ReLU}
    whole = whys("fused", made(lambda m, x: m.relu(m.bn(m.conv(x))), **block), "fx-static", [IMAGE])
    assert whole["conv"].rule == "fused: conv and bn, relu are one ConvReLU2d"
    folded = whys("fused", made(lambda m, x: m.bn(m.conv(x)), **block), "fx-static", [IMAGE])
    assert folded["conv"].rule == "folded: bn went into its weight"
    second = whys("fused", made(lambda m, x: m.bn2(m.bn(m.conv(x))), bn2=norm, **block), "fx-static", [IMAGE])
    assert second["conv"].rule == "folded: bn went into its weight"
    assert second["bn2"].rule == "not fused: it is a second batch norm behind bn"
    between = made(lambda m, x: m.bn(m.drop(m.conv(x))), drop=nn.Dropout, **block)
    assert whys("fused", between, "fx-static", [IMAGE])["bn"].rule == "not fused: drop stands between conv and it"

    def read_twice(m, x):
        y = m.conv(x)
        return m.bn(y) + y

    twice = whys("fused", made(read_twice, **block), "fx-static", [IMAGE])
    assert twice["bn"].rule == "not fused: the output of conv is also read by add"
    function = whys("fused", made(lambda m, x: torch.relu(m.conv(x)), **block), "fx-static", [IMAGE])
    assert function["relu"].rule == "not fused: relu is a function here, which is no pattern behind a module"


def test_the_pattern_that_an_operator_fits_is_part_of_the_evidence():
    found = whys("prepared", TWO, "fx-static", [ROW])
    assert found["fc"].evidence.endswith("; pattern Linear")


def test_annotated_and_dropped():
    found = whys("converted", TWO, "pt2e-static", [ROW], quantizer=f"{GIVEN}:float_annotation")
    assert found["linear"].rule == "stays in float: it was annotated, but nothing was inserted"


def test_casts_say_for_whom_and_constants_whose():
    found = whys("converted", TWO, "pt2e-static", [ROW])
    assert found["quantize_per_tensor_default_2"].rule == "quantizes x for linear"
    assert found["_frozen_param0"].rule == "the weight of fc"
    assert "scale" in found["_frozen_param0"].evidence
    fx = whys("converted", TWO, "fx-static", [ROW])
    assert fx["fc_input_scale_0"].rule == "the scale of x"
    assert fx["fc_input_zero_point_0"].rule == "the zero point of x"
    returned = next(why for name, why in fx.items() if name.startswith("dequantize"))
    assert returned.rule == "the model returns fc2 in float"


def test_a_cast_that_is_not_needed_says_so():
    def back_and_forth(m, x):
        return m.dequant2(m.fc2(m.quant2(m.dequant(m.fc(m.quant(x))))))

    stubs = {**STUBS, "quant2": QuantStub, "dequant2": DeQuantStub}
    found = whys("converted", made(back_and_forth, fc=linear(), fc2=linear(), **stubs), "eager-static", [ROW])
    assert found["quant2"].rule.startswith("quantizes fc for fc2")


def test_eager_modules_say_what_they_were_given():
    model = made(lambda m, x: m.dequant(torch.relu(m.fc(m.quant(x)))), fc=linear(), **STUBS)
    found = whys("prepared", model, "eager-static", [ROW])
    assert found["fc"].rule == "is quantized: it has a qconfig"
    assert found["relu"].rule == "takes what it is given: eager mode observes modules only"
    assert found["fc_activation_post_process"].rule == "what fc gives is quantized"
    none = whys("prepared", model, "eager-static", [ROW], rules=(Rule("module_name", "fc"),))
    assert none["fc"].rule == "stays in float: it has no qconfig"
