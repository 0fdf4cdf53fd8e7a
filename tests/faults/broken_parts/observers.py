"""An observer is missing, or there are two where one should be."""

from __future__ import annotations

import torch
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub

from tests.faults.cases import GIVEN, IMAGE, ROW, STUBS, Case, ran
from tests.faults.models import TwoInputs, linear, made

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
