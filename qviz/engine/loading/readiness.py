"""Makes a model ready for a flow, on a copy: takes it out of its wrappers, onto the CPU, into float32.

Each thing done is a `ReadyStep`, which says it and has the Python that does it again.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import Module
from torch.nn.parameter import is_lazy

from qviz.document.flows import Mode, flow
from qviz.document.plan import Plan
from qviz.engine.loading import default_arguments, wrappers
from qviz.engine.loading.calibration import Changed
from qviz.engine.loading.copies import own_copy, shared_weights
from qviz.engine.loading.fake_tensors import inside
from qviz.engine.loading.first_run import does_not_run
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.modes import in_eval_mode
from qviz.engine.loading.ready_step import ReadyStep, step
from qviz.engine.loading.refusals import refuse_unfit
from qviz.engine.loading.source import Loaded
from qviz.engine.loading.tensor_changes import TensorChanges, replaced, tensor_changes, tensors_of
from qviz.engine.nodes.programs import is_program
from qviz.errors import QvizError
from qviz.words import tr

_BUILT = """
torch.manual_seed({seed})
with torch.no_grad():
    model({call})  # builds the lazy parameters
"""


def make_ready(loaded: Loaded, plan: Plan) -> Loaded:
    """Return what a flow can work on: the same where nothing is to be done, else with a copy of the model.

    Raises:
        QvizError: The model cannot be made ready.
    """
    if loaded.is_ready:
        return loaded
    chosen = flow(plan.flow)
    refuse_unfit(loaded.module, loaded.inputs, chosen)
    if is_program(loaded.module):
        return replace(loaded, is_ready=True)
    if loaded.fake is not None:
        return _on_fakes(loaded, plan)
    changes = tensor_changes(loaded, plan)
    wrapped, compiled = wrappers.wrappings(loaded.module), wrappers.compiled_calls(loaded.module)
    core = wrappers.core(loaded.module)
    has_lazy = any(is_lazy(each) for each in tensors_of(core))
    traces = chosen is None or chosen.mode is Mode.FX
    left_out = default_arguments.arguments_left_out(core, loaded.inputs) if traces else default_arguments.Inputs()
    constants = default_arguments.constants(core, loaded.inputs) if traces else []
    functions = wrappers.compiled_functions(core) if traces else []
    is_drawn = chosen is None or chosen.mode is not Mode.PT2E
    is_patched = is_drawn and default_arguments.has_own_forward(core)
    is_fixed = any(left_out) or bool(constants)
    if not (changes.steps or wrapped or compiled or has_lazy or is_fixed or functions or is_patched):
        return replace(loaded, is_ready=True)
    steps = [*loaded.steps, *map(_unwrapped, wrapped), *changes.steps]
    module = _changed_copy(loaded, plan, changes, wrapped, steps, compiled)
    inputs = loaded.inputs.mapped(changes.of_input)
    if code := changes.written(bool(inputs.kwargs)):
        steps[-1] = steps[-1]._replace(python=steps[-1].python + code)
    if has_lazy:
        steps.append(_build(module, inputs, plan.seed))
    if functions:
        wrappers.trace_through_compile()
        steps.append(step("traced_through_compile", wrappers.TRACED_THROUGH_COMPILE, names=[*functions]))
    if is_drawn and default_arguments.has_own_forward(module):
        default_arguments.take_own_forward(module)
        steps.append(step("own_forward", default_arguments.OF_THE_CLASS))
    if is_fixed:
        steps += _fix(module, inputs, left_out, constants)
    return replace(
        loaded,
        module=module,
        inputs=inputs,
        batches=loaded.batches if loaded.batches is None else Changed(loaded.batches, changes.of_input),
        evaluation=loaded.evaluation if loaded.evaluation is None else Changed(loaded.evaluation, changes.of_input),
        is_ours=True,
        steps=tuple(steps),
        is_ready=True,
    )


def _on_fakes(loaded: Loaded, plan: Plan) -> Loaded:
    """Return a model of fake tensors made ready where it is: a copy of it would crash the process (torch 2.8)."""
    if found := wrappers.wrappings(loaded.module):
        raise QvizError(
            tr("The model is wrapped in {names}", names=", ".join(found[0].names)),
            tr("For fake tensors, name a class or function that returns the model itself."),
            option="--fake",
        )
    changes = tensor_changes(loaded, plan)
    with inside(loaded.fake):
        if changes.casts:
            loaded.module.float()
        inputs = loaded.inputs.mapped(changes.of_input)
    return replace(loaded, inputs=inputs, steps=(*loaded.steps, *changes.steps), is_ready=True)


def _unwrapped(wrapping: wrappers.Wrapped) -> ReadyStep:
    attributes = "".join(f".{each}" for each in wrapping.attributes)
    if not wrapping.path:
        return step("unwrapped", f"\nmodel = model{attributes}\n", wrappers=[*wrapping.names])
    inner = f"model.get_submodule({wrapping.path!r}){attributes}"
    code = f"\nmodel.set_submodule({wrapping.path!r}, {inner})\n"
    return step("unwrapped_inside", code, wrappers=[*wrapping.names], path=wrapping.path)


def _changed_copy(
    loaded: Loaded,
    plan: Plan,
    changes: TensorChanges,
    wrapped: list[wrappers.Wrapped],
    steps: list[ReadyStep],
    compiled: list[str],
) -> Module:
    """Return a copy without wrappers and with changed tensors; the first model stays as it is."""
    core = wrappers.core(loaded.module)
    known = {**shared_weights(loaded, plan), **replaced(core, changes)}
    for each in reversed(wrapped):  # from the inside out, so that each finds what it holds without wrappers
        known[id(each.outside)] = own_copy(each.inside, known)
    module = own_copy(core, known)
    if changes.is_moved:
        module.cpu()  # lazy parameters, too
    if changes.casts:
        module.float()  # lazy parameters know their type before they are built
    if compiled:
        wrappers.take_out_of_compile(module, known)
        steps.append(step("not_compiled", wrappers.TAKEN_OUT_OF_COMPILE, names=[*compiled]))
    return module


def _build(model: Module, inputs: Arguments, seed: int) -> ReadyStep:
    """Run a model with lazy parameters once, in eval mode."""
    lazy = [
        path
        for path, module in model.named_modules()
        if any(is_lazy(each) for each in (*module._parameters.values(), *module._buffers.values()))  # noqa: SLF001
    ]
    modes = {each: each.training for each in model.modules()}
    torch.manual_seed(seed)
    try:
        with torch.no_grad():
            inputs.cloned().call(in_eval_mode(model))
    except (Exception, SystemExit) as error:  # the user's forward may raise anything
        raise does_not_run(error, model, inputs) from error
    finally:
        for each in model.modules():
            each.training = modes.get(each, False)
    call = "*example_inputs, **example_kwargs" if inputs.kwargs else "*example_inputs"
    return step("built", _BUILT.format(seed=seed, call=call), names=[each or type(model).__name__ for each in lazy])


def _fix(model: Module, inputs: Arguments, left_out: default_arguments.Inputs, constants: list[str]) -> list[ReadyStep]:
    code = default_arguments.written_class(model, inputs)
    default_arguments.fix(model, inputs)
    told = [step("defaults", names=[*left_out.defaults])] if left_out.defaults else []
    told += [step("empty", names=[*left_out.empty])] if left_out.empty else []
    if left_out.by_name:
        told.append(step("by_name", names=[*left_out.by_name], variadic=left_out.variadic))
    told += [step("constants", names=[*constants])] if constants else []
    return [*told[:-1], told[-1]._replace(python=code)]


def written(steps: tuple[ReadyStep, ...]) -> str:
    """Return the statements of all steps, to stand behind the recipe of the model and its data."""
    return "".join(each.python for each in steps)
