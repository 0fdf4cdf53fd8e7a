"""The Python of an eager flow."""

from __future__ import annotations

from qviz.document.flows import Method, flow
from qviz.engine.flows.eager import WEIGHT_ONLY
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import EagerResult
from qviz.engine.loading.written import Written
from qviz.engine.script.data import observe

_ENGINE = 'torch.backends.quantized.engine = "{backend}"\n'


def write(job: Job, result: EagerResult | None) -> str:
    """Return the calls of the flow, from the model to the last stage."""
    chosen = flow(job.plan.flow)
    method = chosen.method if chosen is not None else None
    if method in (Method.DYNAMIC, Method.WEIGHT_ONLY):
        return _at_once(job, result or EagerResult(), method is Method.DYNAMIC)
    return _prepared(job, result or EagerResult(), method is Method.QAT)


def _begin(backend: str, names: list[str], more: frozenset[str] = frozenset()) -> str:
    lines = [*sorted(more), f"from torch.ao.quantization import {', '.join(names)}"]
    return "\n" + "\n".join(lines) + "\n\n" + _ENGINE.format(backend=backend)


def _at_once(job: Job, result: EagerResult, is_dynamic: bool) -> str:
    """Return ``quantize_dynamic``; what it replaces is said unless that is torch's own choice."""
    name, types, dtype = WEIGHT_ONLY[job.plan.weight_dtype]
    if result.qconfig_spec is not None:
        spec, names = result.qconfig_spec, ["quantize_dynamic"]
    elif is_dynamic:
        spec, names = None, ["quantize_dynamic"]
    else:
        entries = ", ".join(f"torch.nn.{each}: {name}" for each in types)
        spec, names = Written({}, f"{{{entries}}}"), [name, "quantize_dynamic"]
    given = [] if spec is None else [spec.python]
    arguments = ", ".join(["model", *given, *([] if is_dynamic else [str(dtype)])])
    begin = _begin(job.plan.backend, names, spec.imports if spec is not None else frozenset())
    lines = [*result.statements, f"converted = quantize_dynamic({arguments})", "print(converted)"]
    return begin + "\n".join(lines) + "\n"


def _prepared(job: Job, result: EagerResult, is_qat: bool) -> str:
    """Return fusing, preparing, observing and converting."""
    plan = job.plan
    for_training = plan.fuse_for_training if plan.fuse_for_training is not None else is_qat
    fuse = "fuse_modules_qat" if for_training else "fuse_modules"
    prepare = "prepare_qat" if is_qat else "prepare"
    entries = [list(entry) for entry in result.fuse_list]
    names = sorted(["convert", *([fuse] if entries else []), prepare])
    configured = result.qconfigs.imports if result.qconfigs else frozenset()
    text = _begin(plan.backend, names, configured | (result.fuser.imports if result.fuser else frozenset()))
    if entries:
        options = f", fuser_func={result.fuser.python}" if result.fuser else ""
        text += f"model.train({for_training})\nmodel = {fuse}(model, {entries}{options})\n"
    text += f"model.train({is_qat})\n"
    text += "".join(f"{each}\n" for each in (result.qconfigs.statements if result.qconfigs else ()))
    text += f"prepared = {prepare}(model)\n{observe(job)}"
    return f"{text}\nprepared.eval()\nconverted = convert(prepared)\nprint(converted)\n"
