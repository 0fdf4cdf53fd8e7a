"""What an engine's kernels do not take, and a range that nothing was seen for: raised as torch raises it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.ao.quantization.utils import check_min_max_valid

from qviz.engine.failures import run_error
from tests.engine.failures.test_known_causes import check

OPS = torch.ops.quantized
PADDED = ([2, 2], [0, 0], [1, 1], [1, 1], 1)
"""A transposed convolution's stride, padding, output padding, dilation and groups."""


def on(engine: str, call: Callable[[], Any]) -> Callable[[], Any]:
    def raises() -> None:
        before = torch.backends.quantized.engine
        torch.backends.quantized.engine = engine
        try:
            call()
        finally:
            torch.backends.quantized.engine = before

    return raises


def weight(shape: tuple[int, ...], zero_point: int) -> torch.Tensor:
    return torch.quantize_per_tensor(torch.ones(shape), 0.1, zero_point, torch.qint8)


RAISED = (
    ("half_weights_of_engine", on("qnnpack", lambda: OPS.linear_prepack_fp16(torch.ones(2, 2), None))),
    ("asymmetric_weights", on("onednn", lambda: OPS.linear_prepack(weight((2, 2), 3), None))),
    ("output_padding", on("onednn", lambda: OPS.conv_transpose2d_prepack(weight((2, 2, 3, 3), 0), None, *PADDED))),
    ("range_empty", lambda: check_min_max_valid(torch.full((2,), math.inf), torch.full((2,), -math.inf))),
)


@pytest.mark.parametrize(("code", "raises"), RAISED, ids=[code for code, _ in RAISED])
def test_it_is_told_as_torch_raises_it(code: str, raises: Callable[[], Any]):
    with pytest.raises((RuntimeError, AssertionError)) as caught:
        raises()
    check(code, caught.value)


def test_what_the_engines_take_is_not_refused():
    on("x86", lambda: OPS.linear_prepack_fp16(torch.ones(2, 2), None))()
    on("onednn", lambda: OPS.linear_prepack(weight((2, 2), 0), None))()
    assert run_error("converting", RuntimeError("min 2 should be less than max 1")).code == "stop.unknown"
