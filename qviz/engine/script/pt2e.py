"""The Python of a PyTorch 2 Export flow."""

from __future__ import annotations

from qviz.document.flows import flow
from qviz.engine.configuration import in_float, other_observers
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import ExportResult
from qviz.engine.loading.written import Written
from qviz.engine.script.data import observe

_WIDTH = 100

_LOWER = """
from torch.ao.quantization.pt2e.lowering import lower_pt2e_quantized_to_x86

torch._dynamo.reset()
converted = lower_pt2e_quantized_to_x86(converted, example_inputs)
"""


def capture(job: Job, result: ExportResult) -> str:
    """Return the call of ``torch.export.export``."""
    if result.captured_by == "exported program":
        return ""
    options = f"strict={result.captured_by == 'strict export'}"
    imports = ""
    if result.dynamic_shapes is not None:
        imports = _lines(result.dynamic_shapes.imports)
        options = f"dynamic_shapes={result.dynamic_shapes.python}, {options}"
    inputs = "example_inputs, example_kwargs" if job.inputs.kwargs else "example_inputs"
    call = f"captured = torch.export.export(model, {inputs}, {options}).module()\n"
    if result.without_grad:
        call = f"with torch.no_grad():\n    {call}"
    return f"\n{imports}{call}"


def write(job: Job, result: ExportResult | None) -> str:
    """Return the calls of the flow, from the model to the last stage."""
    result = result or ExportResult()
    plan, chosen = job.plan, flow(job.plan.flow)
    is_qat = chosen is not None and chosen.is_training
    prepare = "prepare_qat_pt2e" if is_qat else "prepare_pt2e"
    text = "model.train()\n" if is_qat and result.captured_by != "exported program" else ""
    text += capture(job, result)
    text += f"\nfrom torch.ao.quantization.quantize_pt2e import convert_pt2e, {prepare}\n"
    text += _quantizer(result.quantizer)
    text += f"prepared = {prepare}(captured, quantizer)\n"
    if is_qat:
        text += "torch.ao.quantization.allow_exported_model_train_eval(prepared)\n"
    text += observe(job)
    if is_qat:
        text += "\ntorch.ao.quantization.move_exported_model_to_eval(prepared)"
    options = ", use_reference_representation=True" if plan.reference else ""
    options += "" if plan.fold_quantize else ", fold_quantize=False"
    text += f"\nconverted = convert_pt2e(prepared{options})\n"
    return f"{text}{_LOWER if plan.lower else ''}print(converted)\n"


def _quantizer(made: Written | None) -> str:
    """Return the lines that make the quantizer; none was made if the run ended before."""
    if made is None:
        return "\nquantizer = ...\n"
    python = made.python
    if len(python) > _WIDTH:
        python = "(\n    " + python.replace(".set_", "\n    .set_") + "\n)"
    sources, value = "", made.value
    while isinstance(value, in_float.LeftInFloat | other_observers.OtherObservers):
        is_float = isinstance(value, in_float.LeftInFloat)
        sources += f"\n\n{in_float.SOURCE if is_float else other_observers.SOURCE}\n"
        value = value.quantizer
    return f"{_lines(made.imports)}{sources}\nquantizer = {python}\n"


def _lines(imports: frozenset[str]) -> str:
    return "".join(f"{each}\n" for each in sorted(imports))
