"""Each cause is said of the node that it holds for, and not of its neighbour."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

from qviz.document.configuration import QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.graph import Why
from tests.faults.cases import GIVEN, IMAGE, ROW, STUBS, ran
from tests.faults.models import conv, linear, made, norm

INTO_OPERATORS = ("cast.dequantize_for_float", "cast.dequantize_in_pattern")
GELU = made(lambda m, x: m.fc2(F.gelu(m.fc(x))), fc=linear(), fc2=linear())
TWO = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())


def whys(stage: str, *args: Any, **fields: Any) -> dict[str, Why]:
    nodes = ran(*args, **fields)().stage(stage).graph.nodes
    return {node.id: node.why for node in nodes if node.why is not None}


def test_an_operator_without_a_pattern_is_told_in_both_stages():
    for stage in ("prepared", "converted"):
        found = whys(stage, GELU, "fx-static", [ROW])
        assert found["gelu"].code == "float.no_pattern"
        assert found["gelu"].api == "BackendConfig.configs"
        assert not found["fc"].stays_float


def test_torch_relu_is_a_pattern_only_with_others():
    model = made(lambda m, x: m.fc2(torch.relu(m.fc(x))), fc=linear(), fc2=linear())
    found = whys("converted", model, "fx-static", [ROW])
    assert found["relu"].code == "float.no_pattern"
    assert found["relu"].args["operator"] == "torch.relu"
    assert "torch.add" in str(found["relu"].args["others"])


def test_a_qconfig_of_none_names_the_rule():
    found = whys("converted", TWO, "fx-static", [ROW], rules=(Rule("module_name", "fc"),))
    assert found["fc"].code == "float.qconfig_none"
    assert found["fc"].api == "QConfigMapping.set_module_name('fc')"
    assert found["fc2"].code == "quantized.kernel"
    assert found["fc2"].args["replaced"] == "Linear"
    assert found["fc2"].api == "QConfigMapping.set_global"


def test_a_parametrization_changes_the_class_that_convert_looks_up():
    parametrized = made(
        lambda m, x: m.fc2(m.fc(x)), fc=lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)), fc2=linear()
    )
    found = whys("converted", parametrized, "fx-static", [ROW])
    assert found["fc"].code == "float.parametrized"
    assert (found["fc"].args["tensors"], found["fc"].args["by"]) == (["weight"], ["_WeightNorm"])
    assert found["fc2"].code == "quantized.kernel"


def test_dtypes_that_the_backend_does_not_take():
    rules = (Rule("module_name", "fc", QConfig(name="default_symmetric_qnnpack_qconfig")),)
    found = whys("prepared", TWO, "fx-static", [ROW], rules=rules)
    assert found["fc"].code == "float.dtypes_not_supported"
    assert (found["fc"].args["activation"], found["fc"].args["weight"]) == ("torch.qint8", "torch.qint8")
    assert (found["fc2"].code, found["fc2"].args["setter"]) == ("quantized.qconfig", "set_global")


def test_observed_and_dropped_by_convert():
    rules = (Rule("module_name", "fc", QConfig(name=f"{GIVEN}:unsigned_weights")),)
    found = whys("converted", TWO, "fx-static", [ROW], rules=rules)
    assert found["fc"].code == "float.weight_dtype_not_supported"


def test_not_annotated_says_what_its_neighbours_are():
    found = whys("converted", GELU, "pt2e-static", [ROW])
    assert found["gelu"].code == "float.not_annotated"
    assert found["gelu"].roles["annotated"] == ("linear", "linear_1")
    assert "without" not in found["gelu"].args
    assert found["linear"].code == "quantized.annotated"


def test_non_strict_capture_is_part_of_the_evidence():
    found = whys("prepared", GELU, "pt2e-static", [ROW], strict=False)
    assert found["gelu"].args["without"] == "source_fn_stack"
    assert found["gelu"].evidence.endswith(
        "linear and linear_1 next to it are annotated. It was captured without source_fn_stack"
    )


def test_fused_folded_and_not_fused():
    block = {"conv": conv(bias=False), "bn": norm, "relu": nn.ReLU}
    whole = whys("fused", made(lambda m, x: m.relu(m.bn(m.conv(x))), **block), "fx-static", [IMAGE])
    assert (whole["conv"].code, whole["conv"].roles["taken"]) == ("fused.operators", ("bn", "relu"))
    assert whole["conv"].args["module_type"] == "ConvReLU2d"
    assert whole["conv"].rule == "Fused with bn and relu"
    folded = whys("fused", made(lambda m, x: m.bn(m.conv(x)), **block), "fx-static", [IMAGE])
    assert (folded["conv"].code, folded["conv"].roles["taken"]) == ("fused.batch_norm", ("bn",))
    second = whys("fused", made(lambda m, x: m.bn2(m.bn(m.conv(x))), bn2=norm, **block), "fx-static", [IMAGE])
    assert (second["conv"].code, second["conv"].roles["taken"]) == ("fused.batch_norm", ("bn",))
    assert (second["bn2"].code, second["bn2"].roles["first"]) == ("not_fused.second_batch_norm", ("bn",))
    between = made(lambda m, x: m.bn(m.drop(m.conv(x))), drop=nn.Dropout, **block)
    apart = whys("fused", between, "fx-static", [IMAGE])["bn"]
    assert apart.code == "not_fused.operator_between"
    assert apart.roles == {"subject": ("bn",), "producer": ("drop",), "weighted": ("conv",)}

    def read_twice(m, x):
        y = m.conv(x)
        return m.bn(y) + y

    twice = whys("fused", made(read_twice, **block), "fx-static", [IMAGE])
    assert (twice["bn"].code, twice["bn"].roles["others"]) == ("not_fused.read_elsewhere", ("add",))
    function = whys("fused", made(lambda m, x: torch.relu(m.conv(x)), **block), "fx-static", [IMAGE])
    assert function["relu"].code == "not_fused.function_after_module"


class OwnNorm(nn.BatchNorm2d):
    """Computes as torch's, by a forward that a trace can follow."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training)


class OwnConv(nn.Conv2d):
    """Computes as torch's."""


def test_a_class_of_ones_own_is_the_reason_on_both_sides():
    own = made(lambda m, x: m.relu(m.bn(m.conv(x))), conv=conv(), bn=lambda: OwnNorm(4), relu=nn.ReLU)
    found = whys("fused", own, "fx-static", [IMAGE])
    assert (found["batch_norm"].code, found["batch_norm"].args) == (
        "not_fused.exact_type",
        {"type": "OwnNorm", "base": "BatchNorm2d"},
    )
    assert (found["conv"].code, found["conv"].roles["norm"]) == ("not_fused.into_own_class", ("batch_norm",))
    derived = made(lambda m, x: m.bn(m.conv(x)), conv=lambda: OwnConv(4, 4, 3), bn=norm)
    found = whys("fused", derived, "fx-static", [IMAGE])
    assert (found["conv2d"].code, found["conv2d"].args["type"]) == ("not_fused.own_class", "OwnConv")


def test_with_torchs_class_it_is_fused():
    """What the finding advises works."""

    def mended() -> nn.Module:
        model = made(lambda m, x: m.bn(m.conv(x)), conv=conv(), bn=lambda: OwnNorm(4))()
        model.get_submodule("bn").__class__ = nn.BatchNorm2d
        return model

    assert whys("fused", mended, "fx-static", [IMAGE])["conv"].code == "fused.batch_norm"
    apart = made(lambda m, x: m.bn(m.conv(x)), conv=conv(), bn=lambda: OwnNorm(4))
    (finding,) = [each for each in ran(apart, "fx-static", [IMAGE])().findings if each.rule == "batch_norm_left"]
    assert (finding.code, finding.args["type"]) == ("batch_norm_left.exact_type", "OwnNorm")


def test_two_calls_of_a_function_are_no_second_call_of_a_module():
    def calls_twice(m, x):
        return F.relu(F.linear(F.linear(x, m.fc.weight), m.fc.weight))

    found = whys("fused", made(calls_twice, fc=linear()), "fx-static", [ROW])["relu"]
    assert (found.code, found.args["function"]) == ("not_fused.into_function", "linear")


def test_the_pattern_that_an_operator_fits_is_part_of_the_evidence():
    found = whys("prepared", TWO, "fx-static", [ROW])
    assert found["fc"].args["pattern"] == {"code": "pattern.alone", "args": {"operator": "Linear"}}
    assert found["fc"].evidence.endswith(", matched by the pattern Linear")


def test_operators_that_one_pattern_took_name_each_other():
    model = made(lambda m, x: m.last(F.relu(F.linear(x, m.fc.weight))), fc=linear(), last=linear())
    found = whys("prepared", model, "fx-static", [ROW])
    patterns = {name: found[name].args["pattern"] for name in ("linear", "relu", "last")}
    assert patterns["linear"] == {"code": "pattern.joined", "roles": {"partners": ["relu"]}}
    assert patterns["relu"] == {"code": "pattern.joined", "roles": {"partners": ["linear"]}}
    assert patterns["last"] == {"code": "pattern.alone", "args": {"operator": "Linear"}}


def test_a_pattern_is_missing_only_where_the_backend_has_none():
    up: dict[str, Any] = {"up": lambda: nn.ConvTranspose2d(4, 4, 2), "relu": nn.ReLU}
    module = whys("fused", made(lambda m, x: m.relu(m.up(x)), **up), "fx-static", [IMAGE])["relu"]
    assert (module.code, module.args) == ("not_fused.no_pattern", {"operator": "ReLU", "other": "ConvTranspose2d"})
    function = whys("fused", made(lambda m, x: F.relu(m.up(x)), **up), "fx-static", [IMAGE])["relu"]
    assert (function.code, function.args["operator"]) == ("not_fused.no_pattern", "torch.nn.functional.relu")


def test_what_the_fuse_list_of_an_eager_flow_does_not_name():
    parts = {"conv": conv(), "bn": norm, "relu": nn.ReLU, **STUBS}
    model = made(lambda m, x: m.dequant(m.relu(m.bn(m.conv(m.quant(x))))), **parts)
    found = whys("fused", model, "eager-static", [IMAGE], fuse_list=(("conv", "bn"),))
    assert found["conv"].code == "fused.batch_norm"
    assert (found["relu"].code, found["relu"].roles["producer"]) == ("not_fused.not_listed", ("conv",))
    empty = whys("fused", model, "eager-static", [IMAGE], fuse_list=())
    assert empty["bn"].code == "not_fused.not_listed"
    function = made(lambda m, x: m.dequant(F.relu(m.conv(m.quant(x)))), **parts)
    assert whys("fused", function, "eager-static", [IMAGE])["relu"].code == "not_fused.function_in_eager"


@pytest.mark.parametrize(("flow", "type_"), [("fx-static", "Conv2d"), ("fx-qat", "ConvBn2d")])
def test_a_module_that_is_called_twice_is_fused_for_both_calls(flow: str, type_: str):
    model = made(lambda m, x: m.bn(m.conv(m.conv(x))), conv=conv(), bn=norm)
    found = whys("fused", model, flow, [IMAGE])["conv"]
    assert (found.code, found.roles["call"], found.roles["taken"]) == ("fused.at_other_call", ("conv_1",), ("bn",))
    assert found.args["module_type"] == type_


def test_packed_weights_are_no_operands():
    model = made(lambda m, x: F.linear(x, m.fc.weight), fc=linear())
    found = whys("converted", model, "fx-static", [ROW])
    assert found["_packed_weight_0"].code == "constant.packed"


def test_annotated_and_dropped():
    for stage in ("prepared", "converted"):  # observers for float stand in the first, and not in the second
        found = whys(stage, TWO, "pt2e-static", [ROW], quantizer=f"{GIVEN}:float_annotation")
        assert found["linear"].code == "float.annotated_as_float"
        assert whys(stage, TWO, "pt2e-static", [ROW])["linear"].code == "quantized.annotated"


BY_NAME = QuantizerRule("module_name", "fc", enabled=False)
BY_TYPE = QuantizerRule("module_type", "torch.nn.Linear", enabled=False)


@pytest.mark.parametrize("stage", ["prepared", "converted"])
@pytest.mark.parametrize(
    ("rules", "quantizer", "left"),
    [
        ((BY_NAME,), "xnnpack", {"linear": "module_name"}),
        ((BY_TYPE,), "xnnpack", {"linear": "module_type", "linear_1": "module_type"}),
        ((BY_TYPE, BY_NAME), "xnnpack", {"linear": "module_name", "linear_1": "module_type"}),
        ((QuantizerRule("node", "linear_1", enabled=False),), "xnnpack", {"linear_1": "node"}),
        ((BY_NAME,), "x86_inductor", {"linear": "module_name"}),
        ((), "xnnpack", {}),
    ],
)
def test_what_a_rule_of_the_plan_leaves_in_float_names_the_rule(
    stage: str, rules: tuple[QuantizerRule, ...], quantizer: str, left: dict[str, str]
):
    options = Quantizer(rules=rules)
    found = whys(stage, GELU, "pt2e-static", [ROW], quantizer=quantizer, quantizer_options=options)
    rules_of: dict[str, Any] = {id_: why.args["rule"] for id_, why in found.items() if why.code == "float.left_by_rule"}
    told = {node: rule["code"] for node, rule in rules_of.items()}
    assert told == {node: f"left_by.{kind}" for node, kind in left.items()}
    if quantizer == "xnnpack":  # the other one annotates it
        assert found["gelu"].code == "float.not_annotated"


@pytest.mark.parametrize("flow", ["eager-static", "eager-dynamic", "fx-static"])
def test_the_reason_of_a_layer_without_a_qconfig_names_the_rule(flow: str):
    parts = {"fc": linear(), "fc2": linear(), **STUBS}
    model = made(lambda m, x: m.dequant(m.fc2(m.fc(m.quant(x)))), **parts)
    stage = "prepared" if flow == "eager-static" else "converted"
    found = whys(stage, model, flow, [ROW], rules=(Rule("module_name", "fc"),), measure=False)["fc"]
    assert found.stays_float
    assert "set_module_name('fc')" in found.rule if flow == "fx-static" else "a rule for the module fc" in found.rule


def test_only_what_is_annotated_is_in_a_pattern_that_a_backend_knows():
    found = whys("converted", GELU, "pt2e-static", [ROW])
    codes = {each.roles["readers"]: each.code for each in found.values() if each.code in INTO_OPERATORS}
    assert codes[("gelu",)] == "cast.dequantize_for_float"
    assert codes[("linear",)] == codes[("linear_1",)] == "cast.dequantize_in_pattern"


def test_casts_say_for_whom_and_constants_whose():
    found = whys("converted", TWO, "pt2e-static", [ROW])
    cast = found["quantize_per_tensor_default_2"]
    assert (cast.code, cast.roles) == ("cast.quantize", {"subject": ("x",), "readers": ("linear",)})
    weight = found["_frozen_param0"]
    assert (weight.code, weight.args["path"], weight.args["parameter"]) == ("constant.parameter", "fc", "weight")
    assert "scale" in str(weight.args["qparams"])
    fx = whys("converted", TWO, "fx-static", [ROW])
    for name in ("scale", "zero_point"):
        constant = fx[f"fc_input_{name}_0"]
        assert (constant.code, constant.roles["subject"]) == (f"constant.{name}", ("x",))
    returned = next(why for name, why in fx.items() if name.startswith("dequantize"))
    assert (returned.code, returned.roles["subject"]) == ("cast.dequantize_returned", ("fc2",))


def test_a_cast_that_is_not_needed_says_so():
    def back_and_forth(m, x):
        return m.dequant2(m.fc2(m.quant2(m.dequant(m.fc(m.quant(x))))))

    stubs = {**STUBS, "quant2": QuantStub, "dequant2": DeQuantStub}
    found = whys("converted", made(back_and_forth, fc=linear(), fc2=linear(), **stubs), "eager-static", [ROW])
    assert found["quant2"].code == "cast.quantize"
    assert (found["quant2"].roles["subject"], found["quant2"].roles["readers"]) == (("fc",), ("fc2",))


def test_eager_modules_say_what_they_were_given():
    model = made(lambda m, x: m.dequant(torch.relu(m.fc(m.quant(x)))), fc=linear(), **STUBS)
    found = whys("prepared", model, "eager-static", [ROW])
    assert found["fc"].code == "quantized.module_qconfig"
    assert (found["quant"].code, found["dequant"].code) == ("stub.quant", "stub.dequant")
    assert found["relu"].code == "unobserved.function"
    observer = found["fc_activation_post_process"]
    assert (observer.code, observer.args["path"]) == ("observer.module_output", "fc")
    none = whys("prepared", model, "eager-static", [ROW], rules=(Rule("module_name", "fc"),))
    assert none["fc"].code == "float.no_qconfig"


def test_a_float_functional_is_observed_and_a_function_is_not():
    model = made(
        lambda m, x: m.dequant(m.add.add(m.quant(x), m.fc(m.quant(x)))), fc=linear(), add=FloatFunctional, **STUBS
    )
    found = whys("prepared", model, "eager-static", [ROW])
    assert found["add"].code == "quantized.functional"
    assert found["add"].roles["observer"] == ("add_activation_post_process",)
    observer = found["add_activation_post_process"]
    assert (observer.code, observer.args["path"]) == ("observer.module_output", "add")


def test_only_a_batch_norm_is_folded_into_a_weight():
    apart = made(
        lambda m, x: m.dequant(m.conv(m.relu(m.first(m.quant(x))))), first=conv(), relu=nn.ReLU, conv=conv(), **STUBS
    )
    found = whys("fused", apart, "eager-static", [IMAGE], fuse_list=(("conv", "relu"),))
    assert found["first"].code == "operator.float"
    assert (found["conv"].code, found["conv"].args["replaced"]) == ("fused.apart", "Conv2d")


def test_a_constant_is_a_weight_only_of_an_operator_with_one():
    def scaled(m, x):
        return m.fc(x) * torch.tensor([2.0])

    found = whys("captured", made(scaled, fc=linear()), "pt2e-static", [ROW])
    assert {why.code for name, why in found.items() if "constant" in name or "lifted" in name} == {"constant.operand"}


def test_what_is_computed_at_every_call_names_its_parts():
    found = whys("converted", made(lambda m, x: m.fc(x), fc=linear()), "pt2e-dynamic", [ROW])
    codes = {why.code for why in found.values()}
    assert {"operator.picks_scale", "operator.picks_zero_point"} <= codes
    (chosen,) = [why for why in found.values() if why.code == "cast.choose_qparams"]
    assert chosen.roles["readers"] == ("linear",)


def test_an_identity_that_fusing_left_is_no_unchanged_operator():
    model = made(lambda m, x: m.dequant(m.relu(m.conv(m.quant(x)))), conv=conv(), relu=nn.ReLU, **STUBS)
    found = whys("fused", model, "eager-static", [IMAGE])
    assert found["relu"].code == "fused.place_left"


def test_what_convert_has_no_replacement_for_is_observed_and_not_said_to_be_quantized():
    model = made(lambda m, x: m.dequant(m.tanh(m.fc(m.quant(x)))), fc=linear(), tanh=nn.Tanh, **STUBS)
    found = whys("prepared", model, "eager-qat", [ROW])
    assert found["tanh"].code == "operator.observed"
    assert found["fc"].code == "quantized.module_qconfig"


def test_a_float_convolution_between_quantized_ones_does_not_run_in_low_precision():
    model = made(lambda m, x: m.dequant(m.second(m.conv(m.quant(x)))), conv=conv(), second=conv(), **STUBS)
    found = whys("converted", model, "eager-static", [IMAGE], rules=(Rule("module_name", "second"),))
    assert found["second"].code == "operator.not_for_quantized"
    assert found["conv"].code == "quantized.kernel"


def test_a_reference_module_that_convert_left_computes_in_float_and_so_does_what_reads_it():
    """Two batch norms behind a convolution: FX fuses the first, and finds no kernel for the convolution then."""
    model = made(lambda m, x: m.bn2(m.bn1(m.conv(x))), conv=conv(), bn1=norm, bn2=norm)
    found = whys("converted", model, "fx-static", [IMAGE])
    assert found["conv"].code == "quantized.reference"
    assert (found["bn2"].code, found["bn2"].roles["partners"]) == ("float.pattern_without_kernel", ("conv",))
    assert found["conv"].roles["partners"] == ("bn2",)
