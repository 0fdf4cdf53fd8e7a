"""One table tells the engine and the findings why a converted model stops."""

from __future__ import annotations

import pytest

from qviz.document.kernel_errors import KERNEL_ERRORS, cause_of
from qviz.words.statement import knows


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Could not run 'quantized::conv2d.new' with arguments from the 'CPU' backend.", "float_into_quantized"),
        ("Could not run 'aten::add.out' with arguments from the 'QuantizedCPU' backend.", "no_kernel"),
        (
            "Could not run 'aten::quantize_per_tensor' with arguments from the 'QuantizedCPU' backend.",
            "quantized_already",
        ),
        ("view size is not compatible with input tensor's size and stride", "view"),
        ("'function' object has no attribute 'dtype'", "weight_is_method"),
        ("Expected createStatus == pytorch_qnnp_status_success to be true, but got false.", "refused_by_qnnpack"),
        ("mat1 and mat2 shapes cannot be multiplied (4x6 and 8x3)", None),
        ("'Tensor' object has no attribute 'bias'", None),
    ],
)
def test_the_cause_is_read_from_what_torch_says(text: str, cause: str | None):
    assert cause_of(text) == cause


def test_every_cause_has_words():
    assert all(knows(f"converted_does_not_run.{cause}") for _, cause in KERNEL_ERRORS)
