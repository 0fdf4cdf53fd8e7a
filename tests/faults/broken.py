"""At least one model or configuration for each fault that qviz names, and nothing else wrong with it."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub, disable_fake_quant, get_default_qconfig_mapping
from torch.ao.quantization.backend_config import get_executorch_backend_config
from torch.ao.quantization.qconfig_mapping import _get_symmetric_qnnpack_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.nn import functional as F  # noqa: N812 - torch's own name

from qviz.document.configuration import Custom, QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.snapshot import Snapshot
from qviz.engine.in_hand import record_graphs
from tests.faults.cases import IMAGE, ROW, Case, ran
from tests.faults.models import Optional, Stubborn, TwoInputs, conv, linear, made, norm, scaled

GIVEN = str(Path(__file__).with_name("given.py"))
STUBS = {"quant": QuantStub, "dequant": DeQuantStub}


def _float(kind: str, target: str = "", **fields: object) -> Rule:
    return Rule(kind, target, **fields)  # type: ignore[arg-type]


# -- nothing, or too little


def _gates(m, x):
    return torch.softmax(F.silu(F.gelu(x)), -1)


def _mostly_float(m, x):
    for _ in range(4):
        x = torch.softmax(F.silu(x), -1)
    return m.fc(x)


COVERAGE = (
    Case("A functions without a pattern", "nothing_quantized", ("gelu",), ran(made(_gates), "fx-static", [ROW])),
    Case(
        "A global qconfig of None",
        "nothing_quantized",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=linear()), "fx-static", [ROW], rules=(_float("global"),)),
    ),
    Case(
        "A dynamic flow, convolutions only",
        "nothing_quantized",
        ("conv",),
        ran(made(lambda m, x: m.conv(x), conv=conv()), "eager-dynamic"),
    ),
    Case(
        "A weights only, convolutions only",
        "nothing_quantized",
        ("conv",),
        ran(made(lambda m, x: m.conv(x), conv=conv()), "fx-weight-only"),
    ),
    Case(
        "A weights only, Linear in 8 bits",
        "nothing_quantized",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=linear()), "eager-weight-only", [ROW]),
    ),
    Case(
        "A most operators have no pattern",
        "little_quantized",
        ("silu", "softmax"),
        ran(made(_mostly_float, fc=linear()), "fx-static", [ROW]),
    ),
    Case(
        "A x86 quantizer behind non-strict capture",
        "quantizer_needs_strict_capture",
        (),
        ran(made(lambda m, x: m.fc(x), fc=linear()), "pt2e-static", [ROW], quantizer="x86_inductor", strict=False),
    ),
    Case(
        "A dynamic flow on convolutions",
        "dynamic_on_convolutions",
        ("conv",),
        ran(made(lambda m, x: m.fc(m.conv(x)), conv=conv(), fc=linear()), "fx-dynamic"),
    ),
    Case(
        "A dynamic flow on convolutions, eager",
        "dynamic_on_convolutions",
        ("conv",),
        ran(made(lambda m, x: m.fc(m.conv(x)), conv=conv(), fc=linear()), "eager-dynamic"),
    ),
    Case(
        "A convolutions quantized dynamically, PT2E",
        "dynamic_on_convolutions",
        ("conv2d",),
        ran(made(lambda m, x: m.conv(x), conv=conv()), "pt2e-dynamic", quantizer=f"{GIVEN}:dynamic_x86"),
    ),
)

# -- capture and the kind of graph


def _prepared() -> nn.Module:
    model = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())().eval()
    return prepare_fx(model, get_default_qconfig_mapping("x86"), (torch.randn(ROW),))


def _exported() -> nn.Module:
    model = made(lambda m, x: m.fc(x), fc=linear())().eval()
    torch._dynamo.reset()
    graph = torch.export.export(model, (torch.randn(ROW),), strict=True).module()
    return torch.fx.GraphModule(graph, graph.graph)


CAPTURE = (
    Case("B strict capture stops", "captured_without_strict", (), ran(Stubborn, "pt2e-static", [ROW])),
    Case("B a default of None", "default_taken_for_given", ("mask",), ran(Optional, "fx-static", [ROW])),
    Case("B prepared before", "applied_twice", ("activation_post_process_0",), ran(_prepared, "fx-static", [ROW])),
    Case("B FX on an exported graph", "wrong_kind_of_graph", ("linear_default",), ran(_exported, "fx-static", [ROW])),
    Case(
        "B training with observers",
        "qat_without_fake_quant",
        ("activation_post_process_0",),
        ran(
            made(lambda m, x: m.fc(x), fc=linear()),
            "pt2e-qat",
            [ROW],
            quantizer=f"{GIVEN}:ptq_for_training",
            train=lambda m: m(torch.randn(ROW)),
        ),
    ),
    Case(
        "B dead branch",
        "dead_branch",
        ("fc2",),
        ran(made(lambda m, x: (m.fc2(x), m.fc(x))[1], fc=linear(), fc2=linear()), "fx-static", [ROW]),
    ),
    Case(
        "B dead branch, PT2E",
        "dead_branch",
        ("linear",),
        ran(made(lambda m, x: (m.fc2(x), m.fc(x))[1], fc=linear(), fc2=linear()), "pt2e-static", [ROW]),
    ),
)

# -- fusion


def _two_readers(m, x):
    y = m.conv(x)
    return m.bn(y) + y


def _relu_and_raw(m, x):
    y = m.fc(x)
    return m.fc2(m.relu(y)) + m.fc3(y)


CONV_BN = {"conv": conv(bias=False), "bn": norm}
FUSION = (
    Case(
        "C a second batch norm",
        "batch_norm_left",
        ("bn2",),
        ran(made(lambda m, x: m.bn2(m.bn(m.conv(x))), **CONV_BN, bn2=norm), "fx-static"),
    ),
    Case(
        "C the convolution is read twice", "batch_norm_left", ("bn",), ran(made(_two_readers, **CONV_BN), "fx-static")
    ),
    Case(
        "C the convolution is read twice, fusion only",
        "batch_norm_left",
        ("bn",),
        ran(made(_two_readers, **CONV_BN), "fx-fuse"),
    ),
    Case(
        "C batch norm folded into a shared convolution",
        "batch_norm_folded_into_shared_convolution",
        ("conv2d", "batch_norm"),
        ran(made(_two_readers, **CONV_BN), "pt2e-static"),
    ),
    Case(
        "C batch norm behind linear, PT2E",
        "batch_norm_left",
        ("batch_norm",),
        ran(made(lambda m, x: m.bn(m.fc(x)), fc=linear(), bn=lambda: nn.BatchNorm1d(8)), "pt2e-static", [ROW]),
    ),
    Case(
        "C a functional batch norm",
        "batch_norm_left",
        ("batch_norm",),
        ran(
            made(
                lambda m, x: m.conv2(F.batch_norm(m.conv(x), m.bn.running_mean, m.bn.running_var)),
                conv2=conv(),
                **CONV_BN,
            ),
            "fx-static",
        ),
    ),
    Case(
        "C torch.relu",
        "fusible_but_unfused",
        ("relu", "fc"),
        ran(made(lambda m, x: m.fc2(torch.relu(m.fc(x))), fc=linear(), fc2=linear()), "fx-static", [ROW]),
    ),
    Case(
        "C the linear before relu is read twice",
        "fusible_but_unfused",
        ("relu", "linear"),
        ran(made(_relu_and_raw, fc=linear(), fc2=linear(), fc3=linear(), relu=nn.ReLU), "pt2e-static", [ROW]),
    ),
    Case(
        "C the list to fuse lacks relu",
        "fusible_but_unfused",
        ("relu", "fc"),
        ran(
            made(lambda m, x: m.dequant(m.relu(m.fc(m.quant(x)))), fc=linear(), relu=nn.ReLU, **STUBS),
            "eager-static",
            [ROW],
            fuse_list=(),
        ),
    ),
    Case(
        "C the list to fuse lacks batch norm",
        "batch_norm_left",
        ("bn",),
        ran(made(lambda m, x: m.dequant(m.bn(m.conv(m.quant(x)))), **CONV_BN, **STUBS), "eager-static", fuse_list=()),
    ),
    Case(
        "C the list to fuse joins strangers",
        "fuse_list_out_of_order",
        ("conv", "relu"),
        ran(
            made(
                lambda m, x: m.dequant(m.conv(m.relu(m.conv0(m.quant(x))))),
                conv0=conv(),
                relu=nn.ReLU,
                conv=conv(),
                **STUBS,
            ),
            "eager-static",
            fuse_list=(("conv", "relu"),),
        ),
    ),
    Case(
        "C batch norm folded into a convolution called twice",
        "batch_norm_folded_into_shared_convolution",
        ("conv", "bn"),
        ran(made(lambda m, x: m.conv(m.bn(m.conv(x))), **CONV_BN), "fx-static"),
    ),
)

# -- observers


def _cat(m, x):
    return m.fc3(torch.cat([m.fc(x), 3 * m.fc2(x)], 1)[:, :8])


OBSERVERS = (
    Case(
        "D no QuantStub on the second input",
        "float_into_quantized",
        ("conv2", "y"),
        ran(TwoInputs, "eager-static", [IMAGE, IMAGE]),
    ),
    Case(
        "D the quantizer leaves activations out",
        "unobserved_input",
        ("linear", "x"),
        ran(
            made(lambda m, x: m.fc(x) + m.fc2(m.fc(x)), fc=linear(), fc2=linear()),
            "pt2e-static",
            [ROW],
            quantizer=f"{GIVEN}:without_activation",
        ),
    ),
    Case(
        "E a slice between linears",
        "scales_differ",
        ("slice_1",),
        ran(made(lambda m, x: m.fc2(m.fc(x)[:1]), fc=linear(), fc2=linear()), "pt2e-static", [ROW]),
    ),
    Case(
        "E cat lost by non-strict capture",
        "scales_differ",
        ("cat",),
        ran(
            made(lambda m, x: m.fc3(torch.cat([m.fc(x), m.fc2(5 * x)], 0)), fc=linear(), fc2=linear(), fc3=linear()),
            "pt2e-static",
            [ROW],
            strict=False,
        ),
    ),
    Case(
        "E two QuantStubs on one tensor",
        "quantized_twice",
        ("quant", "quant2"),
        ran(
            made(
                lambda m, x: m.dequant(m.add.add(m.fc(m.quant(x)), m.fc2(m.quant2(x)))),
                fc=linear(),
                fc2=linear(),
                add=FloatFunctional,
                quant2=QuantStub,
                **STUBS,
            ),
            "eager-static",
            [ROW],
        ),
    ),
    Case(
        "E stubs that undo each other",
        "quantize_dequantize_chain",
        ("dequant", "quant2"),
        ran(
            made(
                lambda m, x: m.dequant2(m.fc2(m.quant2(m.dequant(m.fc(m.quant(x)))))),
                fc=linear(),
                fc2=linear(),
                quant2=QuantStub,
                dequant2=DeQuantStub,
                **STUBS,
            ),
            "eager-static",
            [ROW],
        ),
    ),
    Case(
        "E signed behind, unsigned before",
        "quantize_dequantize_chain",
        ("dequantize_per_tensor_default_3",),
        ran(
            made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear()),
            "pt2e-static",
            [ROW],
            quantizer=f"{GIVEN}:changing_dtype",
        ),
    ),
    Case(
        "E one module, two calls",
        "module_used_twice",
        ("fc", "fc_1"),
        ran(made(lambda m, x: m.fc(m.fc(x)), fc=linear()), "fx-static", [ROW]),
    ),
    Case(
        "E one module, two calls, eager",
        "module_used_twice",
        ("fc", "fc_1"),
        ran(made(lambda m, x: m.dequant(m.fc(m.fc(m.quant(x)))), fc=linear(), **STUBS), "eager-static", [ROW]),
    ),
)

# -- ranges


def _with_outlier() -> list[tuple[torch.Tensor]]:
    data = torch.randn(200, 8)
    data[0, 0] = 1e4
    return [(data,)]


def _converted_uncalibrated() -> Snapshot:
    torch.manual_seed(0)
    model = made(lambda m, x: m.fc(x), fc=linear())().eval()
    prepared = prepare_fx(model, get_default_qconfig_mapping("x86"), (torch.randn(ROW),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says it here; who gets the graph does not see it
        return record_graphs({"converted": convert_fx(prepared)})


FC = made(lambda m, x: m.fc(x), fc=linear())
RANGES = (
    Case(
        "F no data",
        "never_calibrated",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], batches=list),
    ),
    Case(
        "F no data, PT2E",
        "never_calibrated",
        ("activation_post_process_0",),
        ran(FC, "pt2e-static", [ROW], batches=list),
    ),
    Case(
        "F no data, eager",
        "never_calibrated",
        ("quant_activation_post_process",),
        ran(made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS), "eager-static", [ROW], batches=list),
    ),
    Case("F a converted graph in hand", "never_calibrated", ("quantize_per_tensor",), _converted_uncalibrated),
    Case(
        "I outliers",
        "stretched_by_outliers",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], batches=_with_outlier),
    ),
    Case(
        "I nothing but zeros",
        "degenerate_scale",
        ("quantize_per_tensor",),
        ran(FC, "fx-static", [ROW], batches=lambda: [(torch.zeros(ROW),)]),
    ),
    Case(
        "I a scale that does not follow the data",
        "saturated_range",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:fixed_scale"),
    ),
    Case(
        "I one loud channel",
        "uneven_channels",
        ("linear",),
        ran(made(lambda m, x: m.fc(x), fc=scaled(linear(), 300.0)), "pt2e-static", [ROW]),
    ),
    Case(
        "I one loud channel, qnnpack",
        "uneven_channels",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=scaled(linear(), 300.0)), "fx-static", [ROW], backend="qnnpack"),
    ),
    Case(
        "I activations in 8 bits on x86",
        "reduce_range_mismatch",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:qnnpack_mapping"),
    ),
    Case(
        "I activations in 7 bits on onednn",
        "reduce_range_mismatch",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:x86_mapping", backend="onednn"),
    ),
)

# -- float in between


def _mixed_backends() -> Snapshot:
    torch.manual_seed(0)
    model = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())().eval()
    x = torch.randn(ROW)
    prepared = prepare_fx(
        model, _get_symmetric_qnnpack_qconfig_mapping(), (x,), backend_config=get_executorch_backend_config()
    )
    prepared(x)
    return record_graphs({"prepared": copy.deepcopy(prepared), "converted": convert_fx(prepared)})


GELU = made(lambda m, x: m.fc2(F.gelu(m.fc(x))), fc=linear(), fc2=linear())
ISLANDS = (
    Case(
        "G softmax as a function",
        "float_island",
        ("softmax",),
        ran(made(lambda m, x: m.fc2(torch.softmax(m.fc(x), -1)), fc=linear(), fc2=linear()), "fx-static", [ROW]),
    ),
    Case("G gelu, PT2E", "float_island", ("gelu",), ran(GELU, "pt2e-static", [ROW])),
    Case("G gelu", "float_island", ("gelu",), ran(GELU, "fx-static", [ROW])),
    Case(
        "G one layer left out",
        "float_island",
        ("fc2",),
        ran(
            made(lambda m, x: m.fc3(m.fc2(m.fc(x))), fc=linear(), fc2=linear(), fc3=linear()),
            "fx-static",
            [ROW],
            rules=(_float("module_name", "fc2"),),
        ),
    ),
    Case(
        "G weights in a dtype without a kernel",
        "asked_but_float",
        ("fc",),
        ran(
            made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear()),
            "fx-static",
            [ROW],
            rules=(Rule("module_name", "fc", QConfig(name=f"{GIVEN}:unsigned_weights")),),
        ),
    ),
)

# -- stubs


def _functional_add(m, x):
    y = m.quant(x)
    return m.dequant(m.fc(y) + m.fc2(y))


STUBBED = (
    Case(
        "H no QuantStub",
        "missing_quant_stub",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=linear()), "eager-static", [ROW]),
    ),
    Case(
        "H a functional add",
        "converted_does_not_run",
        ("add",),
        ran(made(_functional_add, fc=linear(), fc2=linear(), **STUBS), "eager-static", [ROW]),
    ),
    Case(
        "H no DeQuantStub before softmax",
        "converted_does_not_run",
        ("softmax",),
        ran(
            made(lambda m, x: torch.softmax(m.fc(m.quant(x)), -1), fc=linear(), quant=QuantStub),
            "eager-static",
            [ROW],
        ),
    ),
    Case(
        "H inputs said to be quantized",
        "float_into_quantized",
        ("fc", "x"),
        ran(FC, "fx-static", [ROW], custom=Custom(input_quantized=(0,))),
    ),
)

# -- training


def _without_fake_quant(model: nn.Module) -> None:
    model.apply(disable_fake_quant)
    model(torch.randn(ROW))


def _in_training() -> nn.Module:
    model = made(lambda m, x: m.bn(m.conv(x).relu()), conv=conv(), bn=norm)().train()
    torch._dynamo.reset()
    return torch.export.export(model, (torch.randn(IMAGE),), strict=True).module()


TRAINING = (
    Case(
        "I fake-quants off",
        "switched_off",
        ("activation_post_process_0",),
        ran(FC, "fx-qat", [ROW], train=_without_fake_quant),
    ),
)

# -- rules of the configuration

TYPO = (Rule("module_name", "fcc"),)
CONFIGURATION = (
    Case("K a typo in a name", "rule_matches_nothing", (), ran(FC, "fx-static", [ROW], rules=TYPO)),
    Case(
        "K a type that the model lacks",
        "rule_matches_nothing",
        (),
        ran(FC, "fx-static", [ROW], rules=(Rule("object_type", "torch.nn.Conv2d"),)),
    ),
    Case(
        "K a typo in a name, eager",
        "rule_matches_nothing",
        (),
        ran(made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS), "eager-static", [ROW], rules=TYPO),
    ),
    Case(
        "K a rule that fusion passes by",
        "rule_passes_fused",
        ("fc",),
        ran(
            made(lambda m, x: m.fc2(m.relu(m.fc(x))), fc=linear(), relu=nn.ReLU, fc2=linear()),
            "fx-static",
            [ROW],
            rules=(Rule("object_type", "torch.nn.Linear"),),
        ),
    ),
    Case(
        "K an operator rule that xnnpack ignores",
        "operator_rule_without_effect",
        (),
        ran(
            FC,
            "pt2e-static",
            [ROW],
            quantizer_options=Quantizer(rules=(QuantizerRule("operator", "aten.linear.default"),)),
        ),
    ),
)

BROKEN = (
    *COVERAGE,
    *CAPTURE,
    *FUSION,
    *OBSERVERS,
    *RANGES,
    *ISLANDS,
    *STUBBED,
    *TRAINING,
    *CONFIGURATION,
    Case("G two backend configurations", "asked_but_float", ("fc",), _mixed_backends),
    Case("I batch norm trained on", "batch_norm_in_training", ("batch_norm",), ran(_in_training, "pt2e-static")),
)
