"""Float between low precision, stubs that are missing, rules without effect."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.ao.quantization import QuantStub
from torch.ao.quantization.backend_config import get_executorch_backend_config
from torch.ao.quantization.qconfig_mapping import _get_symmetric_qnnpack_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.nn import functional as F  # noqa: N812 - torch's own name

from qviz.document.configuration import Custom, QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.snapshot import Snapshot
from qviz.engine.recording.given_graphs import record_graphs
from tests.faults.cases import GIVEN, ROW, STUBS, Case, ran
from tests.faults.models import conv, linear, made, norm

FC = made(lambda m, x: m.fc(x), fc=linear())


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
RESHAPED = made(lambda m, x: m.conv2(m.conv(x.reshape(2, 4, 8, 8))), conv=conv(), conv2=conv())
ISLANDS = (
    Case("G two backend configurations", "asked_but_float", ("fc",), _mixed_backends),
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
        "left_by_rule",
        ("fc2",),
        ran(
            made(lambda m, x: m.fc3(m.fc2(m.fc(x))), fc=linear(), fc2=linear(), fc3=linear()),
            "fx-static",
            [ROW],
            rules=(Rule("module_name", "fc2"),),
        ),
    ),
    Case("G an input that is reshaped first", "asked_but_float", ("conv",), ran(RESHAPED, "fx-static")),
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
        "functional_in_eager",
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
        "H no DeQuantStub at the end",
        "output_stays_quantized",
        ("fc",),
        ran(made(lambda m, x: m.fc(m.quant(x)), fc=linear(), quant=QuantStub), "eager-static", [ROW]),
    ),
    Case(
        "H inputs said to be quantized",
        "float_into_quantized",
        ("fc", "x"),
        ran(FC, "fx-static", [ROW], custom=Custom(input_quantized=(0,))),
    ),
)

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
        "K a type that the exported model lacks",
        "rule_matches_nothing",
        (),
        ran(
            FC,
            "pt2e-static",
            [ROW],
            quantizer_options=Quantizer(rules=(QuantizerRule("module_type", "torch.nn.Conv2d", per_channel=True),)),
        ),
    ),
    Case(
        "K a second quantizer without effect",
        "quantizer_without_effect",
        (),
        ran(FC, "pt2e-static", [ROW], quantizer_options=Quantizer(then=("embedding",))),
    ),
    Case(
        "K a rule with a qconfig in PT2E",
        "setting_without_effect",
        (),
        ran(FC, "pt2e-static", [ROW], rules=(Rule("module_name", "fc", QConfig(name="default_qconfig")),)),
    ),
    Case(
        "K batch norms folded before training",
        "batch_norm_fused_for_evaluation",
        ("bn",),
        ran(
            made(lambda m, x: m.dequant(m.bn(m.conv(m.quant(x)))), conv=conv(), bn=norm, **STUBS),
            "eager-qat",
            train=lambda model: model(torch.randn(2, 4, 8, 8)).sum().backward(),
            fuse_for_training=False,
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
