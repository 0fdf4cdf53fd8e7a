"""Plain torch 2.8 on the models of the zoo: as its documentation says, then with the best recipes that people use.

Imports nothing of qviz: it is the yardstick.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import torch
from torch import nn
from torch.ao.quantization import QConfigMapping, get_default_qconfig_mapping, quantize_fx
from torch.ao.quantization.fx.custom_config import PrepareCustomConfig
from torch.ao.quantization.fx.tracer import QuantizationTracer
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer import Quantizer
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

Made = Callable[[], tuple[nn.Module, dict[str, Any]]]
"""Makes a model and what it is called with."""


class Yardstick(NamedTuple):
    """What torch alone does.

    Attributes:
        documented: The type of what the documented calls raise; "" where they come to the end.
        recipe: The first recipe that comes to the end, in words; "" where none does, or none is needed.
    """

    documented: str
    recipe: str = ""


def yardstick(made: Made, flow: str, library: str) -> Yardstick:
    """Run the documented calls, then recipe after recipe until one comes to the end; in a process of its own.

    The tracer of transformers leaves functions of torch replaced where it stops.
    """
    forked = multiprocessing.get_context("fork")
    receiver, sender = forked.Pipe(duplex=False)
    process = forked.Process(target=lambda: sender.send(_measured(made, flow, library)))
    process.start()
    sender.close()
    found: Yardstick = receiver.recv()
    process.join()
    return found


def _measured(made: Made, flow: str, library: str) -> Yardstick:
    documented, *recipes = _RECIPES[flow]
    failure = _failure(documented.run, made)
    if not failure:
        return Yardstick("")
    for each in recipes:
        if each.library in ("", library) and not _failure(each.run, made):
            return Yardstick(failure, each.name)
    return Yardstick(failure)


def _failure(run: Callable[[nn.Module, dict[str, Any]], None], made: Made) -> str:
    torch._dynamo.reset()  # noqa: SLF001 - repeated captures hit dynamo's limit otherwise
    try:
        run(*made())
    except Exception as error:  # what torch raises is what is told
        return type(error).__name__
    return ""


class WithoutIntegers(Quantizer):
    """Applies XNNPACKQuantizer, leaves scalars alone, and takes annotations of integer tensors away."""

    def __init__(self, quantizer: Quantizer) -> None:
        super().__init__()
        self.quantizer = quantizer

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        """Annotate what gives and takes floats."""
        self.quantizer.annotate(model)
        for node in model.graph.nodes:
            value = node.meta.get("val")
            read = [each.meta.get("val") for each in node.all_input_nodes]
            if any(isinstance(each, torch.Tensor) and not each.is_floating_point() for each in (value, *read)):
                node.meta.pop("quantization_annotation", None)
        return model

    def validate(self, model: torch.fx.GraphModule) -> None:
        """Take the model as it is."""


@contextlib.contextmanager
def masks_without_vmap() -> Iterator[None]:
    """Let transformers build masks without vmap, as its own export does, and put back what was there."""
    from transformers.integrations.executorch import sdpa_mask_without_vmap
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask

    ALL_MASK_ATTENTION_FUNCTIONS.register("sdpa", sdpa_mask_without_vmap)
    try:
        yield
    finally:
        ALL_MASK_ATTENTION_FUNCTIONS.register("sdpa", sdpa_mask)


def _eager(model: nn.Module, inputs: dict[str, Any]) -> None:
    quantize_dynamic: Any = torch.ao.quantization.quantize_dynamic
    quantize_dynamic(model, {nn.Linear})(**inputs)


def _pt2e(
    model: nn.Module, inputs: dict[str, Any], is_dynamic: bool, integers: bool = True, strict: Any = None
) -> None:
    captured: Any = torch.export.export(model, (), inputs, **({} if strict is None else {"strict": strict})).module()
    quantizer: Any = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_dynamic=is_dynamic))
    prepared = prepare_pt2e(captured, quantizer if integers else WithoutIntegers(quantizer))
    prepared(**inputs)
    convert_pt2e(prepared)(**inputs)


def _recipe_of_pt2e(is_dynamic: bool, integers: bool, masks: bool) -> Callable[[nn.Module, dict[str, Any]], None]:
    def run(model: nn.Module, inputs: dict[str, Any]) -> None:
        with torch.no_grad(), masks_without_vmap() if masks else contextlib.nullcontext():
            _pt2e(model, inputs, is_dynamic, integers, strict=False)

    return run


def _fx(model: nn.Module, inputs: dict[str, Any]) -> None:
    _quantized_by_fx(model, inputs, get_default_qconfig_mapping("x86"))


def _quantized_by_fx(model: nn.Module, inputs: dict[str, Any], mapping: QConfigMapping) -> None:
    prepared: Any = quantize_fx.prepare_fx(model, mapping, tuple(inputs.values()))
    prepared(**inputs)
    quantize_fx.convert_fx(prepared)(**inputs)


class _TracedBefore(QuantizationTracer):
    """Keeps the graph that another tracer made; prepare_fx would trace it again, and stop."""

    def trace(self, root: Any, concrete_args: dict[str, Any] | None = None) -> torch.fx.Graph:
        self.node_name_to_scope = {node.name: ("", type(None)) for node in root.graph.nodes}
        graph: torch.fx.Graph = root.graph
        return graph


def _recipe_of_fx(weighted_only: bool) -> Callable[[nn.Module, dict[str, Any]], None]:
    """Return the recipe: trace with the tracer of transformers and its eager attention, and quantize that graph."""

    def run(model: nn.Module, inputs: dict[str, Any]) -> None:
        from transformers.utils.fx import symbolic_trace

        mapping = get_default_qconfig_mapping("x86")
        if weighted_only:
            weighted, qconfig = QConfigMapping(), mapping.global_qconfig
            for kind in (nn.Linear, nn.Conv1d, nn.Conv2d):
                mapping = weighted.set_object_type(kind, qconfig)
        for config in _configs(model):
            config._attn_implementation = "eager"  # noqa: SLF001 - transformers' set_attn_implementation asks a hub
        with torch.no_grad():
            traced = symbolic_trace(model, [*inputs], disable_check=True)
            with mock.patch.object(quantize_fx, "QuantizationTracer", _TracedBefore):
                _quantized_by_fx(traced, inputs, mapping)

    return run


def _with_leaves_of_timm(model: nn.Module, inputs: dict[str, Any]) -> None:
    """Do not trace into the modules that timm itself names as untraceable."""
    from timm.models._features_fx import get_notrace_modules

    custom = PrepareCustomConfig().set_non_traceable_module_classes(get_notrace_modules())
    mapping = get_default_qconfig_mapping("x86")
    prepared: Any = quantize_fx.prepare_fx(model, mapping, tuple(inputs.values()), prepare_custom_config=custom)
    prepared(**inputs)
    quantize_fx.convert_fx(prepared)(**inputs)


def _configs(model: Any) -> list[Any]:
    config = model.config
    return [config, *[getattr(config, key) for key in ("text_config", "vision_config") if hasattr(config, key)]]


class _Recipe(NamedTuple):
    name: str
    run: Callable[[nn.Module, dict[str, Any]], None]
    library: str = ""
    """The only one whose models it is for."""


def _recipes_of_pt2e(is_dynamic: bool) -> tuple[_Recipe, ...]:
    return (
        _Recipe("documented", lambda model, inputs: _pt2e(model, inputs, is_dynamic)),
        _Recipe("no_grad, not strict", _recipe_of_pt2e(is_dynamic, integers=True, masks=False)),
        _Recipe("masks without vmap", _recipe_of_pt2e(is_dynamic, integers=True, masks=True), "transformers"),
        _Recipe("no integers", _recipe_of_pt2e(is_dynamic, integers=False, masks=False)),
        _Recipe(
            "masks without vmap, no integers", _recipe_of_pt2e(is_dynamic, integers=False, masks=True), "transformers"
        ),
    )


_RECIPES: dict[str, tuple[_Recipe, ...]] = {
    "pt2e-static": _recipes_of_pt2e(is_dynamic=False),
    "pt2e-dynamic": _recipes_of_pt2e(is_dynamic=True),
    "eager-dynamic": (_Recipe("documented", _eager),),
    "fx-static": (
        _Recipe("documented", _fx),
        _Recipe("transformers' tracer", _recipe_of_fx(weighted_only=False), "transformers"),
        _Recipe("transformers' tracer, Linear and Conv only", _recipe_of_fx(weighted_only=True), "transformers"),
        _Recipe("timm's untraced modules", _with_leaves_of_timm, "timm"),
    ),
}
