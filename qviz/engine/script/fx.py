"""The Python of an FX flow."""

from __future__ import annotations

from qviz.document.plan import Plan
from qviz.engine.script.data import observe

CAPTURE = """
from torch.ao.quantization.fx.tracer import QuantizationTracer

captured = torch.fx.GraphModule(model, QuantizationTracer([], []).trace(model))
"""

_FUSE = """
from torch.ao.quantization.quantize_fx import fuse_fx

fused = fuse_fx(model)
print(fused)
"""

_IMPORTS = """
from torch.ao.quantization import {names}
from torch.ao.quantization.quantize_fx import {calls}

torch.backends.quantized.engine = "{backend}"
"""


def flow(plan: Plan) -> str:
    """Return the calls of the flow, from the model to the last stage."""
    if plan.flow == "fx-fuse":
        return _FUSE
    prepare = "prepare_qat_fx" if plan.flow == "fx-qat" else "prepare_fx"
    calls = ["convert_fx", *(["convert_to_reference_fx"] if plan.reference else []), prepare]
    names, mapping = _mapping(plan)
    text = "\nimport copy\n" if plan.reference else ""
    text += _IMPORTS.format(names=names, calls=", ".join(calls), backend=plan.backend)
    text += "model.train()\n" if plan.flow == "fx-qat" else ""
    text += f"prepared = {prepare}(model, {mapping}, example_inputs)\n{observe(plan)}\n"
    text += "reference = convert_to_reference_fx(copy.deepcopy(prepared))\n" if plan.reference else ""
    return f"{text}converted = convert_fx(prepared)\nprint(converted)\n"


def _mapping(plan: Plan) -> tuple[str, str]:
    """Return the names to import and the expression of the ``QConfigMapping``."""
    match plan.flow:
        case "fx-static":
            return "get_default_qconfig_mapping", f'get_default_qconfig_mapping("{plan.backend}")'
        case "fx-qat":
            return "get_default_qat_qconfig_mapping", f'get_default_qat_qconfig_mapping("{plan.backend}")'
        case "fx-dynamic":
            return "QConfigMapping, default_dynamic_qconfig", "QConfigMapping().set_global(default_dynamic_qconfig)"
    if plan.weight_dtype == "float16":
        return (
            "QConfigMapping, float16_dynamic_qconfig",
            "QConfigMapping().set_object_type(torch.nn.Linear, float16_dynamic_qconfig)",
        )
    name = "float_qparams_weight_only_qconfig" + ("_4bit" if plan.weight_dtype == "quint4x2" else "")
    types = "".join(f".set_object_type(torch.nn.{each}, {name})" for each in ("Embedding", "EmbeddingBag"))
    return f"QConfigMapping, {name}", f"QConfigMapping(){types}"
