"""The Python of an FX flow."""

from __future__ import annotations

from qviz.document.flows import flow
from qviz.engine.configuration.fx import FxConfiguration
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import FxResult
from qviz.engine.loading.written import Written
from qviz.engine.script.data import observe
from qviz.engine.script.imports import import_lines

_WIDTH = 100
_PLACE = "torch.ao.quantization.quantize_fx"
_TRACER = "from torch.ao.quantization.fx.tracer import QuantizationTracer"
_SKIPPED = "from torch.ao.quantization.fx.utils import get_skipped_module_name_and_classes"


def capture(result: FxResult | None) -> str:
    """Return the tracing of a model that is only captured."""
    custom = result.configuration.custom.prepare if result is not None else None
    skipped = "[], []"
    text = import_lines([_TRACER, *([_SKIPPED, *custom.imports] if custom is not None else ())])
    if custom is not None:
        text += f"\n{_assigned('prepare_custom_config', custom)}"
        skipped = "*get_skipped_module_name_and_classes(prepare_custom_config, False)"
    return f"\n{text}\ncaptured = torch.fx.GraphModule(model, QuantizationTracer({skipped}).trace(model))\n"


def write(job: Job, result: FxResult | None) -> str:
    """Return the calls of the flow, from the model to the last stage."""
    if result is None:  # the run ended before there was a configuration
        return ""
    configuration = result.configuration
    if configuration.mapping is None:
        return _fuse(configuration)
    plan, chosen = job.plan, flow(job.plan.flow)
    is_qat = chosen is not None and chosen.is_training
    prepare = "prepare_qat_fx" if is_qat else "prepare_fx"
    calls = ["convert_fx", prepare, *(["convert_to_reference_fx"] if plan.reference else [])]
    text = _imports(configuration, calls, ["import copy"] if plan.reference else [])
    text += f'\ntorch.backends.quantized.engine = "{plan.backend}"\n'
    text += _assigned("qconfig_mapping", configuration.mapping.written)
    text += _options({**configuration.of_prepare, **configuration.of_convert})
    text += "model.train()\n" if is_qat else ""
    examples = "(*example_inputs, *example_kwargs.values())" if job.inputs.kwargs else "example_inputs"
    text += f"prepared = {prepare}(model, qconfig_mapping, {examples}{_passed(configuration.of_prepare)})\n"
    text += f"{observe(job)}\n"
    text += "prepared.eval()\n" if is_qat else ""
    passed = _passed(configuration.of_convert)
    if plan.reference:
        text += f"reference = convert_to_reference_fx(copy.deepcopy(prepared){passed})\n"
    return f"{text}converted = convert_fx(prepared{passed})\nprint(converted)\n"


def _fuse(configuration: FxConfiguration) -> str:
    options = configuration.of_fuse
    text = _imports(configuration, ["fuse_fx"], []) + "\n" + _options(options)
    return f"{text}fused = fuse_fx(model{_passed(options)})\nprint(fused)\n"


def _imports(configuration: FxConfiguration, calls: list[str], others: list[str]) -> str:
    quantizes = configuration.mapping is not None
    made = {**configuration.of_prepare, **configuration.of_convert} if quantizes else configuration.of_fuse
    statements = {f"from {_PLACE} import {call}" for call in calls}.union(
        others, *(each.imports for each in made.values())
    )
    if configuration.mapping is not None:
        statements |= configuration.mapping.written.imports
    return f"\n{import_lines(statements)}"


def _options(options: dict[str, Written]) -> str:
    return "".join(_assigned(name, made) for name, made in options.items())


def _passed(options: dict[str, Written]) -> str:
    return "".join(f", {name}={name}" for name in options)


def _assigned(name: str, made: Written) -> str:
    """Return the assignment; a long chain of ``set_`` calls has one line for each."""
    python = made.python
    if len(python) > _WIDTH:
        python = "(\n    " + python.replace(").set_", ")\n    .set_") + "\n)"
    return f"{name} = {python}\n"
