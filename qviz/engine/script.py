"""The Python that reproduces a run with plain torch, without qviz."""

from __future__ import annotations

from qviz.document.plan import Plan
from qviz.engine.job import Capture

_CALIBRATE = """
with torch.no_grad():
    for batch in batches:
        prepared(*batch)
"""

_FX_CAPTURE = """
from torch.ao.quantization.fx.tracer import QuantizationTracer

captured = torch.fx.GraphModule(model, QuantizationTracer([], []).trace(model))
"""

_FX = """
import copy

from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, convert_to_reference_fx, prepare_fx

torch.backends.quantized.engine = "{backend}"
prepared = prepare_fx(model, get_default_qconfig_mapping("{backend}"), example_inputs)
"""

_EXPORT = """
captured = torch.export.export(model, example_inputs, strict={strict}).module()
"""

_PT2E = """
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
{quantizer_import}

quantizer = {quantizer}
prepared = prepare_pt2e(captured, quantizer)
"""

_QUANTIZERS = {
    "xnnpack": (
        "from torch.ao.quantization.quantizer.xnnpack_quantizer import (\n"
        "    XNNPACKQuantizer,\n    get_symmetric_quantization_config,\n)",
        "XNNPACKQuantizer().set_global(get_symmetric_quantization_config())",
    ),
    "x86_inductor": (
        "from torch.ao.quantization.quantizer.x86_inductor_quantizer import (\n"
        "    X86InductorQuantizer,\n    get_default_x86_inductor_quantization_config,\n)",
        "X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config())",
    ),
}


def script(plan: Plan, recipe: str, captured_by: Capture) -> str:
    """Return the script: the recipe of the model and its data, and the calls of the flow."""
    return f"import torch\n\n{recipe}\n{_flow(plan, captured_by)}"


def _flow(plan: Plan, captured_by: Capture) -> str:
    export = _EXPORT.format(strict=captured_by == "strict export")
    if plan.flow is None:
        return (_FX_CAPTURE if captured_by == "torch.fx" else export) + "print(captured)\n"
    if plan.flow == "pt2e-static":
        quantizer_import, quantizer = _QUANTIZERS[plan.quantizer]
        prepare = _PT2E.format(quantizer_import=quantizer_import, quantizer=quantizer)
        reference = ", use_reference_representation=True" if plan.reference else ""
        return f"{export}{prepare}{_CALIBRATE}\nconverted = convert_pt2e(prepared{reference})\nprint(converted)\n"
    prepare = _FX.format(backend=plan.backend)
    reference = "reference = convert_to_reference_fx(copy.deepcopy(prepared))\n" if plan.reference else ""
    if not plan.reference:
        prepare = prepare.replace("import copy\n\n", "").replace("convert_to_reference_fx, ", "")
    return f"{prepare}{_CALIBRATE}\n{reference}converted = convert_fx(prepared)\nprint(converted)\n"
