"""Why a converted model stops when it runs, by what torch's kernels say: the engine and the findings both ask."""

from __future__ import annotations

KERNEL_ERRORS = (
    ("pytorch_qnnp_status_success", "refused_by_qnnpack"),  # the assertion that fails where QNNPACK makes no operator
    ("Could not run 'quantized::", "float_into_quantized"),
    ("Input type (c10::q", "quantized_into_float"),
    ("but got QUInt8 and Float", "quantized_into_float"),
    ("but got QInt8 and Float", "quantized_into_float"),
    ("rows in the packB should be equal to K", "lstm_projection"),
    ("doesn't work unless it is captured completely", "compiled_branch"),  # torch.cond, torch.while_loop
    ("view size is not compatible", "view"),
    ("'function' object has no attribute", "weight_is_method"),
    *((f"has no attribute 'weight_{each}'", "weight_by_hook") for each in ("orig", "mask", "g", "v", "u")),
    ("aten::quantize_per_tensor' with arguments from the 'QuantizedCPU'", "quantized_already"),
    ("is above upper bound", "zero_point"),
    ("is below lower bound", "zero_point"),
    ("QuantizedCPU", "no_kernel"),
    ("on quantized tensors", "no_kernel"),
    ("promoteTypes with quantized numbers", "no_kernel"),  # q * 0.5, with a number of Python
)
"""A part of torch's error and how the code of ``converted_does_not_run`` ends for it; the first match counts."""


def cause_of(text: str) -> str | None:
    """Return how the code of the finding ends for an error of torch's; None where nothing is known of it."""
    return next((cause for sign, cause in KERNEL_ERRORS if sign in text), None)
