"""The Python of a PyTorch 2 Export flow."""

from __future__ import annotations

from qviz.document.plan import Plan
from qviz.engine.job import Capture
from qviz.engine.script.data import observe

_IMPORTS = """
from torch.ao.quantization.quantize_pt2e import convert_pt2e, {prepare}
{quantizer_import}

quantizer = {quantizer}
prepared = {prepare}(captured, quantizer)
"""

_QUANTIZERS = {
    "xnnpack": (
        "from torch.ao.quantization.quantizer.xnnpack_quantizer import (\n"
        "    XNNPACKQuantizer,\n    get_symmetric_quantization_config,\n)",
        "XNNPACKQuantizer().set_global(get_symmetric_quantization_config({}))",
    ),
    "x86_inductor": (
        "from torch.ao.quantization.quantizer.x86_inductor_quantizer import (\n"
        "    X86InductorQuantizer,\n    get_default_x86_inductor_quantization_config,\n)",
        "X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config({}))",
    ),
    "embedding": (
        "from torch.ao.quantization.quantizer.embedding_quantizer import EmbeddingQuantizer",
        "EmbeddingQuantizer()",
    ),
}
_KINDS = {"pt2e-dynamic": "is_dynamic=True", "pt2e-qat": "is_qat=True"}


def capture(captured_by: Capture) -> str:
    """Return the call of ``torch.export.export``."""
    strict = captured_by == "strict export"
    return f"\ncaptured = torch.export.export(model, example_inputs, strict={strict}).module()\n"


def flow(plan: Plan, captured_by: Capture) -> str:
    """Return the calls of the flow, from the model to the last stage."""
    is_qat = plan.flow == "pt2e-qat"
    quantizer_import, quantizer = _QUANTIZERS[plan.quantizer]
    text = ("model.train()\n" if is_qat else "") + capture(captured_by)
    text += _IMPORTS.format(
        prepare="prepare_qat_pt2e" if is_qat else "prepare_pt2e",
        quantizer_import=quantizer_import,
        quantizer=quantizer.format(_KINDS.get(plan.flow or "", "")),
    )
    text += observe(plan)
    if is_qat:
        text += "\ntorch.ao.quantization.move_exported_model_to_eval(prepared)"
    options = ", use_reference_representation=True" if plan.reference else ""
    options += "" if plan.fold_quantize else ", fold_quantize=False"
    text += f"\nconverted = convert_pt2e(prepared{options})\n"
    if plan.lower:
        text += "\nfrom torch.ao.quantization.pt2e.lowering import lower_pt2e_quantized_to_x86\n\n"
        text += "converted = lower_pt2e_quantized_to_x86(converted, example_inputs)\n"
    return f"{text}print(converted)\n"
