"""Rounding in one go gives what the operators of PT2E graphs give, bit for bit."""

from __future__ import annotations

import pytest
import torch

from qviz.engine.measure.simulated.rounding import Affine

BOUNDS = {torch.int8: ((-128, 127), (-8, 7), (-127, 127)), torch.uint8: ((0, 255), (0, 127))}


@pytest.mark.parametrize("dtype", BOUNDS, ids=str)
def test_activations_are_rounded_as_the_decomposed_operators_do(dtype: torch.dtype):
    random = torch.Generator().manual_seed(0)
    operators = torch.ops.quantized_decomposed
    for low, high in BOUNDS[dtype]:
        for exponent in range(-8, 4):
            scale = torch.rand((), generator=random) * 10.0**exponent
            zero_point = torch.randint(low, high + 1, (), generator=random)
            values = torch.randn(2000, generator=random) * scale * 80
            values[:512] = (torch.arange(512) - 255.5) * scale  # ties
            wild = torch.cat([values, torch.tensor([float("inf"), -float("inf"), 1e30, -1e30])])
            for given in (values, wild):
                chosen = (float(scale), int(zero_point), low, high, dtype)
                wanted = operators.dequantize_per_tensor(operators.quantize_per_tensor(given, *chosen), *chosen)
                got = Affine(dtype, scale, zero_point, low, high, by_kernel=False)(given)
                assert torch.equal(got, wanted)
