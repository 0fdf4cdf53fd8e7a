"""The change of the plan that a stop's hint speaks of, where it speaks of one: as TOML, as findings carry it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from msgspec.structs import replace
from torch import nn

from qviz.analysis.possible_changes import operators_in_float
from qviz.document.configuration import Factory, QConfig, QuantizerRule, Rule
from qviz.document.flows import Flow, Mode, flow
from qviz.document.graph import Json, Node
from qviz.document.plan import Plan
from qviz.document.plan_patch import patch
from qviz.document.snapshot import RunError, Stage

_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)


class _StoppedRun(NamedTuple):
    """What a remedy is made from.

    Attributes:
        error: What stopped the run.
        plan: Of the run.
        flow: Its flow.
        model: The user's, as the flow has it.
        stage: In which it stopped; None where the failure has no node.
        modules: The paths of the modules at which it stopped.
    """

    error: RunError
    plan: Plan
    flow: Flow
    model: nn.Module
    stage: Stage | None
    modules: tuple[str, ...]


def remedy(error: RunError, plan: Plan, model: nn.Module, stages: tuple[Stage, ...] = ()) -> str:
    """Return what the plan gets, as TOML; "" where the hint is no change of the plan.

    Args:
        error: What stopped the run; a way to go on that was tried stands in ``other``.
        plan: Of the run.
        model: The user's, as the flow has it.
        stages: Those that were reached.
    """
    chosen = flow(plan.flow)
    if chosen is None:
        return ""
    stage = next((each for each in stages if each.name == error.args.get("stage")), None)
    stop = _StoppedRun(error, plan, chosen, model, stage, _modules(error, model, stage))
    make = _REMEDIES.get(error.code)
    changed = make(stop) if make is not None else None
    changed = changed or _as_tried(plan, error.args.get("other"))
    return patch(plan, changed) if changed is not None else ""


def _as_tried(plan: Plan, other: Json) -> Plan | None:
    """Return the plan with the other way to capture the model, which was tried."""
    if not isinstance(other, dict):
        return None
    if other["code"] == "stop.other.non_strict":
        return replace(plan, strict=False)
    args = other["args"]
    if not isinstance(args, dict):
        return None
    if other["code"] in ("stop.other.export_stops", "stop.other.fx_stops"):
        return _as_tried(plan, args.get("last"))
    if other["code"] == "stop.other.leaves":
        given = plan.custom.non_traceable_modules
        leaves = [each for each in cast("list[str]", args["modules"]) if each not in given]
        return replace(plan, custom=replace(plan.custom, non_traceable_modules=(*given, *leaves)))
    return replace(plan, flow=str(args["flow"]))


def _modules(error: RunError, model: nn.Module, stage: Stage | None) -> tuple[str, ...]:
    """Return the modules that a failure names: those that its nodes call, else that in which it was raised."""
    paths = {path for path, _ in model.named_modules()}
    found = dict.fromkeys([*[node.target for node in _nodes(error, stage)], str(error.args.get("module", ""))])
    return tuple(each for each in found if each and each in paths)


def _nodes(error: RunError, stage: Stage | None) -> list[Node]:
    known = {node.id: node for node in stage.graph.nodes} if stage is not None else {}
    return [known[each] for each in error.roles.get("subject", ()) if each in known]


def _without_integers(stop: _StoppedRun) -> Plan | None:
    options = stop.plan.quantizer_options
    if stop.flow.mode is not Mode.PT2E or options.skip_integers:
        return None
    return replace(stop.plan, quantizer_options=replace(options, skip_integers=True))


def _unobserved(stop: _StoppedRun) -> Plan | None:
    """Leave the operators in float for whose sake the observer is there."""
    if stop.flow.mode is Mode.PT2E:
        return _without_integers(stop)
    whys = [node.why for node in _nodes(stop.error, stop.stage) if node.why is not None]
    asked = dict.fromkeys(each for why in whys for each in why.roles.get("asked_by", ()))
    change = operators_in_float(stop.plan, stop.stage.graph, [*asked]) if stop.stage is not None else None
    return _with_rules(stop, [*change.rules]) if change is not None else None


def _strict(stop: _StoppedRun) -> Plan | None:
    return replace(stop.plan, strict=True) if stop.plan.strict is False else None


def _not_lowered(stop: _StoppedRun) -> Plan | None:
    return replace(stop.plan, lower=False) if stop.plan.lower else None


def _backend_config(stop: _StoppedRun) -> Plan:
    return replace(stop.plan, backend_config="x86")


def _of_types(types: tuple[type[nn.Module], ...], qconfig: QConfig | None) -> Callable[[_StoppedRun], Plan | None]:
    """Return what gives those of these types that the model has a qconfig; None leaves them in float."""

    def change(stop: _StoppedRun) -> Plan | None:
        modules = [*stop.model.modules()]  # preparation may have replaced some by subclasses
        there = [each for each in types if any(isinstance(module, each) for module in modules)]
        rules = [Rule("object_type", f"torch.nn.{each.__name__}", qconfig) for each in there]
        return _with_rules(stop, rules)

    return change


def _per_tensor(stop: _StoppedRun) -> Plan | None:
    name = "default_qat_qconfig" if stop.flow.is_training else "default_qconfig"
    return _of_types(_TRANSPOSED, QConfig(name))(stop)


def _slopes_to_one(stop: _StoppedRun) -> Plan | None:
    """Observe slopes in a range that has 1, by which torch's kernel multiplies positive values."""
    slopes = [each.weight for each in stop.model.modules() if isinstance(each, nn.PReLU)]
    if any(bool((each < 0).any() or (each > 1).any()) for each in slopes):
        return None
    observer = Factory("FixedQParamsObserver", {"scale": 1 / 255, "zero_point": 0, "dtype": "torch.quint8"})
    return _of_types((nn.PReLU,), QConfig(weight=observer))(stop)


def _in_float(stop: _StoppedRun) -> Plan | None:
    """Leave the modules at which the run stopped in float; not where the model could not run so."""
    return _with_rules(stop, [Rule("module_name", each) for each in stop.modules])


def _in_float_in_fx(stop: _StoppedRun) -> Plan | None:
    """Leave them in float where torch converts what is given to them: in eager mode a stub would have to."""
    return _in_float(stop) if stop.flow.mode is Mode.FX else None


def _with_rules(stop: _StoppedRun, rules: list[Rule]) -> Plan | None:
    new = [each for each in rules if each not in stop.plan.rules]
    if not new or not stop.flow.takes("rules"):
        return None
    return replace(stop.plan, rules=(*stop.plan.rules, *new))


def _without_gru(stop: _StoppedRun) -> Plan | None:
    options, rule = stop.plan.quantizer_options, QuantizerRule("module_type", "torch.nn.GRU", enabled=False)
    if stop.plan.quantizer != "xnnpack" or rule in options.rules:
        return None
    return replace(stop.plan, quantizer_options=replace(options, rules=(*options.rules, rule)))


def _shorter_fuse_list(stop: _StoppedRun) -> Plan | None:
    """Take the entries that cannot be fused out of the list."""
    given = stop.plan.fuse_list or ()
    kept = tuple(each for each in given if not set(each) & set(stop.modules))
    return replace(stop.plan, fuse_list=kept) if len(kept) < len(given) else None


_REMEDIES: dict[str, Callable[[_StoppedRun], Plan | None]] = {
    "stop.indices_in_float": _without_integers,
    "stop.integers_in_float": _without_integers,
    "stop.dtype_observed": _unobserved,
    "stop.needs_strict_capture": _strict,
    "stop.no_compiler": _not_lowered,
    "stop.onednn_number": _backend_config,
    "stop.embedding_qconfig": _of_types(_EMBEDDINGS, QConfig("float_qparams_weight_only_qconfig")),
    "stop.transposed_per_channel": _per_tensor,
    "stop.attention_projection": _of_types((nn.MultiheadAttention,), None),
    "stop.attention_without_batch": _of_types((nn.MultiheadAttention,), None),
    "stop.prelu_per_channel": _slopes_to_one,
    "stop.no_tensor_observed": _in_float,
    "stop.recurrent_observed": _in_float,
    "stop.shape_observed": _in_float,
    "stop.padding_mode": _in_float_in_fx,
    "stop.gru_annotator": _without_gru,
    "stop.no_fuser": _shorter_fuse_list,
    "stop.fuse_batch_norm": _shorter_fuse_list,
    "stop.fuse_transposed": _shorter_fuse_list,
}
"""By the code of the cause; each is what its hint says, for the plan of the run."""
