"""What there is to say of a model as it was received, before its flow begins."""

from __future__ import annotations

from collections.abc import Iterator

from torch.nn import Module

from qviz.document.flows import Mode, flow
from qviz.document.graph import Json
from qviz.document.plan import BACKENDS, Plan
from qviz.document.snapshot import Finding, Level
from qviz.engine.checks.hidden_modules import not_owned
from qviz.engine.checks.model import quantized_before
from qviz.engine.checks.own_call import lost_calls
from qviz.engine.checks.own_qconfigs import without_effect
from qviz.engine.checks.random_batches import batches_not_drawn
from qviz.engine.configuration.qconfigs import default_qconfig
from qviz.engine.loading.source import Loaded


def as_received(loaded: Loaded, plan: Plan, model: Module) -> Iterator[Finding]:
    """Yield what is to be said of a model before its flow begins.

    Args:
        loaded: The model, made ready.
        plan: Of the run.
        model: What the flow will have, in eval mode.
    """
    if loaded.fake is not None:
        yield Finding("on_fake_tensors", Level.INFO, "captured", (), "on_fake_tensors")
    if loaded.steps:
        told: list[Json] = [each.said.as_arg() for each in loaded.steps]
        yield Finding("made_ready", Level.INFO, "captured", (), "made_ready", args={"steps": told})
    yield from batches_not_drawn(plan, loaded)
    if (chosen := flow(plan.flow)) is not None:
        before = [*quantized_before(loaded.module)]
        yield from before
        if not before:
            usual = default_qconfig(plan).value if plan.backend in BACKENDS else None  # its flow refuses another
            yield from without_effect(loaded.module, chosen, usual)
        if loaded.fake is None:
            yield from not_owned(model, loaded.inputs, chosen)


def own_calls(model: Module, loaded: Loaded, plan: Plan) -> dict[str, Json]:
    """Return what a run keeps of classes whose own ``__call__`` the capture loses."""
    chosen = flow(plan.flow)
    is_traced = chosen is None or chosen.mode is not Mode.PT2E
    lost = [] if loaded.fake is not None else lost_calls(model, loaded.inputs, is_traced, plan.seed)
    kept: dict[str, Json] = {"own_call": [*lost]} if lost else {}
    if is_traced and (model._forward_hooks or model._forward_pre_hooks):  # noqa: SLF001 - torch has no public way
        kept["own_hooks"] = True
    if is_traced and (hooked := _hooked(model)):
        kept["hooked_modules"] = hooked
    return kept


def _hooked(model: Module) -> dict[str, Json]:
    """Return which kinds of hooks of the user's own are on each module in a model; torch's own make weights."""
    found: dict[str, Json] = {}
    for path, each in model.named_modules(remove_duplicate=False):
        hooks = {"forward hook": each._forward_hooks, "forward pre-hook": each._forward_pre_hooks}  # noqa: SLF001
        kinds: list[Json] = [kind for kind, of_kind in hooks.items() if any(map(_is_users, of_kind.values()))]
        if path and kinds:
            found[path] = kinds
    return found


def _is_users(hook: object) -> bool:
    return not str(getattr(hook, "__module__", "")).startswith("torch.")
