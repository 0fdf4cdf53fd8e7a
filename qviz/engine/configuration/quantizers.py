"""Makes the quantizer of a PT2E flow, and the Python that makes it again, from what the plan says."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import torch
from torch.ao.quantization.quantizer import x86_inductor_quantizer as x86
from torch.ao.quantization.quantizer import xnnpack_quantizer as xnnpack
from torch.ao.quantization.quantizer.composable_quantizer import ComposableQuantizer
from torch.ao.quantization.quantizer.embedding_quantizer import EmbeddingQuantizer
from torch.ao.quantization.quantizer.quantizer import Quantizer
from torch.nn import Module

from qviz.document import configuration
from qviz.document.configuration import QuantizerRule
from qviz.document.flows import Method, flow
from qviz.document.plan import QUANTIZERS, Plan
from qviz.engine.configuration import in_float, other_observers
from qviz.engine.configuration.factories import make_factory
from qviz.engine.loading.written import Written, users_own
from qviz.engine.nodes.targets import target_name
from qviz.errors import QvizError
from qviz.words import tr

_NO_OPTIONS = configuration.Quantizer()
_CONFIGS: dict[str, Callable[..., Any]] = {
    "xnnpack": xnnpack.get_symmetric_quantization_config,
    "x86_inductor": x86.get_default_x86_inductor_quantization_config,
}
_CLASSES: dict[str, type[Quantizer]] = {
    "xnnpack": xnnpack.XNNPACKQuantizer,
    "x86_inductor": x86.X86InductorQuantizer,
    "embedding": EmbeddingQuantizer,
}
_SETTERS = {
    "xnnpack": {"module_name": "set_module_name", "module_type": "set_module_type", "operator": "set_operator_type"},
    "x86_inductor": {
        "module_name": "set_module_name_qconfig",
        "module_type": "set_module_type_qconfig",
        "operator": "set_function_type_qconfig",
    },
}


def make_quantizer(plan: Plan, model: Module) -> Written:
    """Return the quantizer of a plan, with its options set.

    Raises:
        QvizError: No such quantizer, it has no such option, or the model has no such module.
    """
    options = plan.quantizer_options
    paths = [path for path, _ in model.named_modules()]
    for rule in options.rules:
        if rule.kind == "module_name" and rule.target not in paths:
            near = difflib.get_close_matches(rule.target, paths, 1)
            hint = (
                tr("Did you mean {near}?", near=near[0])
                if near
                else tr("Name it as named_modules() does, such as layer1.0.conv1.")
            )
            raise QvizError(tr('The model has no module "{target}"', target=rule.target), hint)
    taken_away = [rule for rule in options.rules if _is_taken_away(plan.quantizer, rule)]
    observed = [rule for rule in options.rules if rule.observer is not None]
    others = tuple(rule for rule in options.rules if rule not in taken_away and rule not in observed)
    first = _one(plan.quantizer, plan, msgspec.structs.replace(options, rules=others))
    made = first if not options.then else _composed([first, *(_one(name, plan, _NO_OPTIONS) for name in options.then)])
    made = _observed_otherwise(made, observed) if observed else made
    return _left_in_float(made, taken_away, options.skip_integers) if taken_away or options.skip_integers else made


def _composed(quantizers: list[Written]) -> Written:
    return Written(
        ComposableQuantizer([each.value for each in quantizers]),
        f"ComposableQuantizer([{', '.join(each.python for each in quantizers)}])",
        frozenset({_import(ComposableQuantizer)}).union(*(each.imports for each in quantizers)),
    )


def _is_taken_away(quantizer: str, rule: QuantizerRule) -> bool:
    """Return whether a rule is met by taking annotations away: where the quantizer has no way to say it."""
    if rule.observer is not None:
        if rule.kind == "tensor" and rule.enabled:
            return False
        raise QvizError(
            tr('The rule for "{target}" has an observer, which only tensors can have', target=rule.target),
            tr('Set kind = "tensor" and name the node that gives it; a tensor in float has none.'),
        )
    if rule.kind in ("node", "tensor") and rule.enabled:
        raise QvizError(
            tr('The rule for the {kind} "{target}" changes nothing', kind=rule.kind, target=rule.target),
            tr("Set enabled = false to leave it in float; a tensor can have an observer instead."),
        )
    is_by_module = rule.kind == "module_name" and quantizer != "x86_inductor"
    return not rule.enabled and (rule.kind in ("node", "tensor") or is_by_module)


def _observed_otherwise(made: Written, rules: list[QuantizerRule]) -> Written:
    """Return the quantizer with other observers of single tensors; their qschemes are told to it apart."""
    observers: dict[str, Written] = {}
    qschemes: dict[str, Written] = {}
    for rule in rules:
        assert rule.observer is not None
        arguments = dict(rule.observer.arguments)
        if isinstance(name := arguments.pop("qscheme", None), str):
            make_factory(rule.observer)  # torch takes them together, or says why not
            qschemes[rule.target] = _dotted(f"torch.{name.removeprefix('torch.')}")
        observers[rule.target] = make_factory(configuration.Factory(rule.observer.name, arguments))
    value = other_observers.OtherObservers(
        made.value,
        {name: each.value for name, each in observers.items()},
        {name: each.value for name, each in qschemes.items()},
    )
    texts = [made.python, _dict_text(observers), *([_dict_text(qschemes)] if qschemes else [])]
    imports = made.imports.union(*(each.imports for each in observers.values()))
    name = other_observers.OtherObservers.__name__
    return Written(value, f"{name}({', '.join(texts)})", imports | other_observers.IMPORTS)


def _dict_text(written: dict[str, Written]) -> str:
    return f"{{{', '.join(f'{name!r}: {each.python}' for name, each in written.items())}}}"


def _left_in_float(made: Written, rules: list[QuantizerRule], integers: bool) -> Written:
    kinds = {"modules": "module_name", "nodes": "node", "tensors": "tensor"}
    named = {key: [rule.target for rule in rules if rule.kind == kind] for key, kind in kinds.items()}
    named = {key: names for key, names in named.items() if names}
    arguments: dict[str, Any] = named | ({"integers": True} if integers else {})
    text = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return Written(
        in_float.LeftInFloat(made.value, **arguments),
        f"{in_float.LeftInFloat.__name__}({made.python}, {text})",
        made.imports | in_float.IMPORTS,
    )


def _one(name: str, plan: Plan, options: configuration.Quantizer) -> Written:
    if ":" in name:
        return _users(name, options)
    if name not in _CLASSES:
        raise QvizError(
            tr('Unknown quantizer "{name}"', name=name),
            tr("Choose one of: {names}; or your own as mod:callable.", names=", ".join(QUANTIZERS)),
        )
    made = Written(_CLASSES[name](), f"{_CLASSES[name].__name__}()", frozenset({_import(_CLASSES[name])}))
    if name == "embedding":
        _refuse(options, "embedding", tr("It quantizes the weights of embeddings, in 8 bits, and nothing else."))
        return made
    chosen = flow(plan.flow)
    method = chosen.method if chosen is not None else None
    mode = {"is_qat": method is Method.QAT, "is_dynamic": method is Method.DYNAMIC}
    made = _called(made, "set_global", _config(name, options, mode))
    for rule in options.rules:
        made = _called(made, _SETTERS[name][rule.kind], _target(name, rule), _config_of(name, rule, options, mode))
    return made


def _users(text: str, options: configuration.Quantizer) -> Written:
    made = users_own(text)
    _refuse(options, text, tr("Set them where the quantizer is created: they do not apply to your own."))
    if not isinstance(made.value, Quantizer):
        kind = type(made.value).__name__
        raise QvizError(
            tr("{spec} returns a {kind}, not a quantizer", spec=text, kind=kind),
            tr("Name a subclass of torch.ao.quantization.quantizer.Quantizer, or a function that makes one."),
        )
    return made


def _refuse(options: configuration.Quantizer, name: str, hint: str) -> None:
    """Raise if an option is set that only quantizers with configurations have."""
    given = [each for each in ("per_channel", "reduce_range") if getattr(options, each) is not None]
    given += ["rules"] if options.rules else []
    if given:
        raise QvizError(tr("The quantizer {name} has no option {given}", name=name, given=given[0]), hint)


def _config(name: str, options: configuration.Quantizer | QuantizerRule, mode: dict[str, bool]) -> Written:
    """Return the call of torch's function that makes a configuration; torch's defaults are left out."""
    arguments = {key: True for key, is_on in mode.items() if is_on}
    per_channel, reduce_range = options.per_channel, getattr(options, "reduce_range", None)
    if name == "xnnpack":
        if reduce_range is not None:
            raise QvizError(tr("XNNPACKQuantizer has no option reduce_range"), tr("Use the quantizer x86_inductor."))
        arguments |= {} if per_channel is None else {"is_per_channel": per_channel}
    else:
        if per_channel is False:
            raise QvizError(
                tr("X86InductorQuantizer quantizes weights per channel only"),
                tr("Remove per_channel, or use the quantizer xnnpack."),
            )
        arguments |= {} if reduce_range is None else {"reduce_range": reduce_range}
    function = _CONFIGS[name]
    text = ", ".join(f"{key}={value}" for key, value in arguments.items())
    return Written(function(**arguments), f"{function.__name__}({text})", frozenset({_import(function)}))


def _config_of(name: str, rule: QuantizerRule, options: configuration.Quantizer, mode: dict[str, bool]) -> Written:
    if not rule.enabled:
        return Written(None, "None")
    if rule.dynamic is not None:
        if name == "x86_inductor" and rule.dynamic != mode["is_dynamic"]:
            raise QvizError(
                tr("X86InductorQuantizer does not mix dynamic and static quantization"),
                tr("Remove dynamic from the rule, or use the quantizer xnnpack."),
            )
        mode = {**mode, "is_dynamic": rule.dynamic}
    merged = configuration.Quantizer(
        per_channel=options.per_channel if rule.per_channel is None else rule.per_channel,
        reduce_range=options.reduce_range,
    )
    return _config(name, merged, mode)


def _target(name: str, rule: QuantizerRule) -> Written:
    if rule.kind == "module_name":
        return Written(rule.target, repr(rule.target))
    if rule.kind == "operator" and name == "xnnpack":
        return _operator(rule.target)
    found = _dotted(rule.target)
    if name == "x86_inductor":
        _check_x86(rule, found.value)
    return found


def _operator(text: str) -> Written:
    """Return the packet of ``aten.linear``; an overload's name behind it is let go."""
    parts = text.removeprefix("torch.ops.").split(".")
    packet = getattr(getattr(torch.ops, parts[0]), parts[1], None) if len(parts) in (2, 3) else None
    if packet is None:
        raise QvizError(
            tr('torch has no operator "{spec}"', spec=text), tr("Name it as torch.ops does, such as aten.linear.")
        )
    return Written(packet, f"torch.ops.{parts[0]}.{parts[1]}")


def _dotted(text: str) -> Written:
    """Return a class or function: torch's by its dotted path, the user's own by ``mod:Class``."""
    if ":" in text:
        return users_own(text, is_called=False)
    value: Any = torch if text.startswith("torch.") else None
    for part in text.split(".")[1:]:
        value = getattr(value, part, None)
    if value is None:
        raise QvizError(
            tr('torch has no "{spec}"', spec=text),
            tr("Name one of torch, such as torch.nn.Linear, or your own as mod:Class."),
        )
    return Written(value, text)


def _check_x86(rule: QuantizerRule, target: Any) -> None:
    """Raise where ``set_module_type_qconfig`` and ``set_function_type_qconfig`` would only warn, and do nothing."""
    known = x86.X86InductorQuantizer.module_function_to_aten_operator_type
    taken = {each: operator for each, operator in known.items() if operator in x86.quantizable_ops}
    if target not in taken:
        them = [each for each in taken if isinstance(each, type) == (rule.kind == "module_type")]
        names = ", ".join(f"torch.nn.{each.__name__}" if isinstance(each, type) else target_name(each) for each in them)
        raise QvizError(
            tr("X86InductorQuantizer has no rule for {target}", target=rule.target),
            tr("It has rules for: {names}.", names=names),
        )


def _called(made: Written, method: str, *arguments: Written) -> Written:
    """Return what one more ``set_*`` gives: the quantizer itself."""
    return Written(
        partial(getattr(made.value, method), *(each.value for each in arguments))(),
        f"{made.python}.{method}({', '.join(each.python for each in arguments)})",
        made.imports.union(*(each.imports for each in arguments)),
    )


def _import(thing: Any) -> str:
    return f"from {thing.__module__} import {thing.__name__}"
