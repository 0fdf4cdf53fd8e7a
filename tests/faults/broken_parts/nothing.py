"""Too little, or nothing, is quantized; the capture or the kind of graph is at fault."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import prepare_fx
from torch.nn import functional as F  # noqa: N812 - torch's own name

from qviz.document.configuration import Rule
from tests.faults.cases import GIVEN, ROW, STUBS, Case, ran
from tests.faults.models import Stubborn, conv, linear, made


def _gates(m, x):
    return torch.softmax(F.silu(F.gelu(x)), -1)


def _mostly_float(m, x):
    for _ in range(4):
        x = torch.softmax(torch.einsum("bi,bj->ij", x, x), -1)
    return m.fc(x)


class _Dense(nn.Linear):
    """Initialized otherwise, and nothing else."""

    def reset_parameters(self) -> None:
        nn.init.eye_(self.weight)
        nn.init.zeros_(self.bias)


def _synchronized() -> nn.Module:
    module = nn.SyncBatchNorm(4)
    assert module.running_mean is not None
    module.running_mean.copy_(torch.arange(4.0))
    return module


DENSE = made(lambda m, x: m.fc2(m.fc(x)), fc=lambda: _Dense(8, 8), fc2=linear())
DENSE_ONLY = made(lambda m, x: m.fc(x), fc=lambda: _Dense(8, 8))
DENSE_STUBBED = made(lambda m, x: m.dequant(m.fc2(m.fc(m.quant(x)))), fc=lambda: _Dense(8, 8), fc2=linear(), **STUBS)
SYNCHRONIZED = made(lambda m, x: m.conv2(m.bn(m.conv(x))), conv=conv(), bn=_synchronized, conv2=conv())
SCRIPTED = made(lambda m, x: m.fc2(m.fc(x)), fc=lambda: torch.jit.script(nn.Linear(8, 8)), fc2=linear())

COVERAGE = (
    Case("A a subclass of Linear", "type_not_replaced", ("linear",), ran(DENSE, "eager-dynamic", [ROW])),
    Case("A subclasses of Linear only", "type_not_replaced", ("linear",), ran(DENSE_ONLY, "eager-dynamic", [ROW])),
    Case("A a subclass of Linear, static", "type_not_replaced", ("linear",), ran(DENSE_STUBBED, "eager-static", [ROW])),
    Case("A SyncBatchNorm", "type_not_replaced", ("bn",), ran(SYNCHRONIZED, "fx-static")),
    Case("A TorchScript inside", "type_not_replaced", ("forward",), ran(SCRIPTED, "eager-dynamic", [ROW])),
    Case("A TorchScript inside, FX", "type_not_replaced", ("forward",), ran(SCRIPTED, "fx-static", [ROW])),
    Case("A functions without a pattern", "nothing_quantized", ("gelu",), ran(made(_gates), "fx-static", [ROW])),
    Case(
        "A global qconfig of None",
        "nothing_quantized",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=linear()), "fx-static", [ROW], rules=(Rule("global"),)),
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
        "A most that multiplies has no pattern",
        "little_quantized",
        ("einsum", "einsum_3"),
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


def _branching(m, x):
    return m.fc2(torch.cond(x.sum() > 0, lambda y: m.fc3(y).relu(), m.fc3, (m.fc(x),)))


def _prepared() -> nn.Module:
    model = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())().eval()
    return prepare_fx(model, get_default_qconfig_mapping("x86"), (torch.randn(ROW),))


def _exported() -> nn.Module:
    model = made(lambda m, x: m.fc(x), fc=linear())().eval()
    torch._dynamo.reset()
    graph: Any = torch.export.export(model, (torch.randn(ROW),), strict=True).module()
    return torch.fx.GraphModule(graph, graph.graph)


CAPTURE = (
    Case(
        "B a branch of cond",
        "float_in_subgraph",
        ("true_graph_0/linear_1",),
        ran(made(_branching, fc=linear(), fc2=linear(), fc3=linear()), "pt2e-static", [ROW]),
    ),
    Case("B strict capture stops", "captured_without_strict", (), ran(Stubborn, "pt2e-static", [ROW])),
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
