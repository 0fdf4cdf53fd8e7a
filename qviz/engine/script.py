"""The Python that reproduces a run with plain torch, without qviz."""

from __future__ import annotations

from pathlib import Path

from qviz.document.plan import Plan
from qviz.engine.naming import Name, read_name
from qviz.errors import QvizError

_FX = """\
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

torch.backends.quantized.engine = "{backend}"
prepared = prepare_fx(model, get_default_qconfig_mapping("{backend}"), example_inputs)
"""

_PT2E = """\
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
{quantizer_import}

captured = torch.export.export(model, example_inputs, strict={strict}).module()
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


def script(plan: Plan, inputs: tuple[str, ...], strict: bool) -> str:
    """Return the script; `inputs` are the arguments as ``describe`` writes them, random where the run's were."""
    name = _named(plan.source)
    parts = [f"import torch\n\ntorch.manual_seed({plan.seed})", _model(name, plan.source), _inputs(plan, name, inputs)]
    if plan.flow == "fx-static":
        parts.append(_FX.format(backend=plan.backend))
        convert = "convert_to_reference_fx" if plan.reference else "convert_fx"
    elif plan.flow == "pt2e-static":
        quantizer_import, quantizer = _QUANTIZERS[plan.quantizer]
        parts.append(_PT2E.format(quantizer_import=quantizer_import, quantizer=quantizer, strict=strict))
        convert = "convert_pt2e"
    else:
        return "\n".join(parts)
    data = "the example inputs of the run" if plan.calibrate is None else plan.calibrate
    calibrate = f"batches = [example_inputs]  # calibrated with {data}\nfor batch in batches:\n    prepared(*batch)\n"
    parts.append(f"{calibrate}\nconverted = {convert}(prepared)\nprint(converted)\n")
    return "\n".join(parts).replace("convert_fx, prepare_fx", f"{convert}, prepare_fx")


def _named(source: str) -> Name | None:
    """Return what a source names; None for a model that was in hand."""
    try:
        return read_name(source)
    except QvizError:
        return None


def _model(name: Name | None, source: str) -> str:
    if name is None:
        return f"model = ...  # {source}, in eval mode\n"
    arguments = ", ".join(f"{key}={value!r}" for key, value in (name.arguments or {}).items())
    if name.is_file:
        path = Path(name.place)
        folder = "" if source.startswith("sample:") else f"import sys\n\nsys.path.append({str(path.parent)!r})\n"
        where = f"# {source}: resources/samples/{path.name} of qviz\n" if source.startswith("sample:") else ""
        return f"{where}{folder}from {path.stem} import {name.attribute} as source\n{_instance(arguments)}"
    return f"from {name.place} import {name.attribute} as source\n{_instance(arguments)}"


def _instance(arguments: str) -> str:
    return f"\nmodel = (source if isinstance(source, torch.nn.Module) else source({arguments})).eval()\n"


def _inputs(plan: Plan, name: Name | None, inputs: tuple[str, ...]) -> str:
    if not plan.inputs and name is not None and name.is_file:
        beside = f"from {Path(name.place).stem} import example_inputs\n\n"
        return beside + "example_inputs = example_inputs() if callable(example_inputs) else example_inputs\n"
    tensors = []
    for text in inputs:
        shape, _, dtype = text.partition(" ")
        sides = ", ".join(shape.split("×"))
        make = (
            f"torch.randn({sides}, dtype=torch.{dtype})"
            if "float" in dtype
            else f"torch.zeros({sides}, dtype=torch.{dtype})"
        )
        tensors.append(make)
    return f"example_inputs = ({', '.join(tensors)},)\n"
