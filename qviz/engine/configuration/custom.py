"""Makes ``PrepareCustomConfig`` and ``ConvertCustomConfig`` of a plan, and the Python of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, NamedTuple

from torch.ao.quantization.fx.custom_config import ConvertCustomConfig, FuseCustomConfig, PrepareCustomConfig
from torch.nn import Module

from qviz.document.configuration import Custom
from qviz.document.flows import DEFAULT_FLOW, flow
from qviz.document.plan import Plan
from qviz.engine.configuration.object_types import object_type
from qviz.engine.loading.written import Written
from qviz.errors import QvizError
from qviz.words import tr

_PLACE = "torch.ao.quantization.fx.custom_config"


class CustomConfigs(NamedTuple):
    """What prepare, convert and fuse are given; None for what the plan says nothing about."""

    prepare: Written | None = None
    convert: Written | None = None
    fuse: Written | None = None


def make_custom(plan: Plan, model: Module, inputs: tuple[Any, ...]) -> CustomConfigs:
    """Return the custom configuration of a plan.

    Raises:
        QvizError: The model has no such module, attribute or input, or there is no such class.
    """
    custom = plan.custom
    if custom == Custom():
        return CustomConfigs()
    _check(custom, model, inputs)
    _check_flow(custom, plan)
    attributes = _calls("set_preserved_attributes", custom.preserved_attributes)
    prepare = [
        *((("set_float_to_observed_mapping", pair)) for pair in _classes(custom.float_to_observed)),
        *_calls("set_non_traceable_module_names", custom.non_traceable_modules),
        *_class_calls("set_non_traceable_module_classes", custom.non_traceable_classes),
        *_calls("set_input_quantized_indexes", custom.input_quantized),
        *_calls("set_output_quantized_indexes", custom.output_quantized),
        *attributes,
    ]
    convert = [
        *((("set_observed_to_quantized_mapping", pair)) for pair in _classes(custom.observed_to_quantized)),
        *attributes,
    ]
    return CustomConfigs(
        _made(PrepareCustomConfig, prepare), _made(ConvertCustomConfig, convert), _made(FuseCustomConfig, attributes)
    )


_Call = tuple[str, tuple[Written, ...]]


def _calls(method: str, values: tuple[Any, ...]) -> list[_Call]:
    return [(method, (Written(list(values), repr(list(values))),))] if values else []


def _class_calls(method: str, texts: tuple[str, ...]) -> list[_Call]:
    found = [_class(text) for text in texts]
    if not found:
        return []
    imports = frozenset[str]().union(*(each.imports for each in found))
    listed = Written([each.value for each in found], f"[{', '.join(each.python for each in found)}]", imports)
    return [(method, (listed,))]


def _classes(mapping: dict[str, str]) -> Iterable[tuple[Written, ...]]:
    return [(_class(key), _class(value)) for key, value in mapping.items()]


def _class(text: str) -> Written:
    found = object_type(text)
    if not (isinstance(found.value, type) and issubclass(found.value, Module)):
        raise QvizError(
            tr("{spec} is not a module class", spec=text),
            tr("Name one of torch, such as torch.nn.LSTM, or your own as mod:Class."),
        )
    return found


def _made(class_: type, calls: list[_Call]) -> Written | None:
    if not calls:
        return None
    value, python = class_(), f"{class_.__name__}()"
    imports = frozenset({f"from {_PLACE} import {class_.__name__}"})
    for method, arguments in calls:
        value = getattr(value, method)(*(each.value for each in arguments))
        python += f".{method}({', '.join(each.python for each in arguments)})"
        imports = imports.union(*(each.imports for each in arguments))
    return Written(value, python, imports)


def _check(custom: Custom, model: Module, inputs: tuple[Any, ...]) -> None:
    """Raise for names that torch would pass over in silence."""
    paths = [path for path, _ in model.named_modules() if path]
    for path in custom.non_traceable_modules:
        if path not in paths:
            raise QvizError(
                tr('The model has no module "{path}"', path=path),
                _nearest(path, paths, tr("named_modules() lists them.")),
            )
    for name in custom.preserved_attributes:
        if not hasattr(model, name):
            own = [each for each in vars(model) if not each.startswith("_")]
            raise QvizError(
                tr('The model has no attribute "{name}"', name=name),
                _nearest(name, own, tr("Name an attribute of the model itself.")),
            )
    for index in custom.input_quantized:
        if not 0 <= index < len(inputs):
            raise QvizError(
                tr("The model has no input {index}", index=index),
                tr("Inputs are counted from 0; the model takes {number}.", number=len(inputs)),
            )


def _check_flow(custom: Custom, plan: Plan) -> None:
    chosen = flow(plan.flow)
    if custom.float_to_observed and chosen is not None and chosen.keeps_activations_float:
        raise QvizError(
            tr(
                "{flow} cannot observe your own modules: torch supports that for static quantization only",
                flow=plan.flow,
            ),
            tr("Remove float_to_observed, or use the flow {default_flow}.", default_flow=DEFAULT_FLOW),
        )


def _nearest(name: str, names: list[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, names, 1)
    return tr("Did you mean {near}?", near=near[0]) if near else otherwise
