"""What ``forward`` is called with: positional arguments, and keywords where it cannot do without."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_origin

import torch
from torch.fx import GraphModule
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.errors import QvizError
from qviz.words import tr

_NO_DEFAULT = None


@dataclass(frozen=True)
class Arguments:
    """One call of ``forward``; an argument may be a tensor, or lists, tuples and dicts of them.

    Attributes:
        given: The batch of data that it was made from, with what ``forward`` does not take: labels.
    """

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    given: Any = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.args) + len(self.kwargs)

    @property
    def values(self) -> tuple[Any, ...]:
        """All arguments in their order, without names, as ``prepare_fx`` takes its example inputs."""
        return (*self.args, *self.kwargs.values())

    def call(self, module: Module) -> Any:
        """Call a module; a GraphModule's own ``__call__`` would throw the traceback away."""
        call = Module.__call__ if isinstance(module, GraphModule) else type(module).__call__
        return call(module, *self.args, **self.kwargs)

    def mapped(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Arguments:
        """Return the same call with every tensor changed."""
        args, kwargs = pytree.tree_map_only(torch.Tensor, change, (self.args, self.kwargs))
        return Arguments(args, kwargs, self.given)

    def cloned(self) -> Arguments:
        """Return the same call on copies, for a ``forward`` that works in place."""
        return self.mapped(lambda tensor: tensor.detach().clone())

    def of_graph(self, module: GraphModule) -> tuple[Any, ...]:
        """Return what the placeholders of a graph get, in their order."""
        if hasattr(module.graph._codegen, "pytree_info"):  # noqa: SLF001 - an exported graph takes leaves
            return tuple(pytree.tree_leaves((self.args, self.kwargs)))
        if not self.kwargs:
            return self.args
        places = [node for node in module.graph.nodes if node.op == "placeholder"]
        defaults = [node.args[0] if node.args else _NO_DEFAULT for node in places]
        rest = zip(places[len(self.args) :], defaults[len(self.args) :], strict=True)
        return (*self.args, *(self._named(str(node.target), default) for node, default in rest))

    def _named(self, target: str, default: Any) -> Any:
        return dict(self.kwargs) if target.startswith("**") else self.kwargs.get(target, default)


def parameters(module: Module) -> dict[str, inspect.Parameter]:
    """Return the parameters of ``forward`` by name; none where Python cannot tell them."""
    try:
        return dict(inspect.signature(module.forward).parameters)
    except (TypeError, ValueError):
        return {}


def names(example: Arguments, module: Module | None) -> tuple[str, ...]:
    """Return the names of the arguments of a call; "" for those that have none."""
    known = [] if module is None else list(parameters(module).values())
    by_position = [each.name if each.kind is not each.VAR_POSITIONAL else "" for each in known][: len(example.args)]
    return (*by_position, *[""] * (len(example.args) - len(by_position)), *example.kwargs)


def left_out(inputs: Arguments, module: Module) -> dict[str, Any]:
    """Return the arguments of ``forward`` that a call leaves at their defaults, with these."""
    given = names(inputs, module)
    return {
        name: each.default
        for name, each in parameters(module).items()
        if name not in given and each.default is not each.empty
    }


def as_arguments(inputs: Any, module: Module | None = None) -> Arguments:
    """Return inputs as a call: a lone tensor is one argument, a dict holds them by the names of ``forward``.

    Raises:
        QvizError: A dict with some names that ``forward`` has, and others that it has not.
    """
    if isinstance(inputs, Arguments):
        return inputs
    if isinstance(inputs, Mapping) and module is not None and is_by_name(inputs, module):
        return bind(module, [], dict(inputs))
    if module is not None and _is_one_argument(inputs, module):
        return Arguments((inputs,))
    return Arguments(tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,))


def _is_one_argument(inputs: Any, module: Module) -> bool:
    """Tell whether a NamedTuple or a list is itself what ``forward`` takes, and not its arguments.

    A NamedTuple is where it has more values than ``forward`` takes. A list is where ``forward`` is annotated with one,
    as that of torchvision's detectors is, ``images: list[Tensor]``; not one that begins with such a list itself, which
    is ``[images, targets]``.
    """
    known = parameters(module).values()
    by_position = [each for each in known if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if type(inputs) is list and by_position and _is_list(by_position[0].annotation):
        return not isinstance(next(iter(inputs), None), (list, tuple))
    if not (isinstance(inputs, tuple) and hasattr(inputs, "_fields")):
        return False
    return 0 < len(by_position) < len(inputs) and not any(each.kind is each.VAR_POSITIONAL for each in known)


def _is_list(annotation: Any) -> bool:
    if isinstance(annotation, str):  # as with `from __future__ import annotations`
        return annotation.removeprefix("typing.").partition("[")[0] in ("list", "List")
    return annotation is list or get_origin(annotation) is list


def is_by_name(inputs: Mapping[Any, Any], module: Module) -> bool:
    """Tell whether a dict holds arguments by name, and is not itself one argument."""
    known = parameters(module)
    takes_any = any(each.kind is each.VAR_KEYWORD for each in known.values())
    return any(key in known for key in inputs) or (takes_any and all(isinstance(key, str) for key in inputs))


def bind(module: Module, positional: list[Any], named: Mapping[str, Any]) -> Arguments:
    """Return a call of ``forward``: by position as far as that goes, by keyword behind a gap.

    Raises:
        QvizError: The arguments do not fit its signature.
    """
    signature = inspect.signature(module.forward)
    form = f"forward({', '.join(signature.parameters)})"
    unknown = [name for name in named if name not in signature.parameters]
    if unknown and not any(each.kind is each.VAR_KEYWORD for each in signature.parameters.values()):
        hint = tr("Remove it; put a dict that is itself one argument into a tuple: ({...},).")
        raise QvizError(tr("The inputs do not fit {form}: it has no {unknown}", form=form, unknown=unknown[0]), hint)
    try:
        bound = signature.bind(*positional, **named)
    except TypeError as error:
        raise QvizError(
            tr("The inputs do not fit {form}: {error}", form=form, error=error),
            tr("Give every argument without a default."),
        ) from error
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    has_gap = False
    for name, parameter in signature.parameters.items():
        if name not in bound.arguments:
            has_gap = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            args += bound.arguments[name]
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs |= bound.arguments[name]
        elif has_gap or parameter.kind is parameter.KEYWORD_ONLY:
            kwargs[name] = bound.arguments[name]
        else:
            args.append(bound.arguments[name])
    return Arguments(tuple(args), kwargs)


def arrange(batch: Any, example: Arguments, module: Module | None = None) -> Arguments:
    """Return a batch as a call like the example; what it has beyond (labels) is dropped.

    Args:
        batch: A tensor, a sequence of arguments, or a mapping of them by name.
        example: The call whose arguments are wanted.
        module: Whose ``forward`` names the arguments.
    """
    if isinstance(batch, Arguments):
        return batch
    wanted = names(example, module)
    if isinstance(batch, Mapping) and wanted and set(wanted) <= set(batch):
        values = [batch[name] for name in wanted]
    else:
        whole = as_arguments(batch, module)
        if whole.kwargs:
            return replace(whole, given=batch)
        values = list(whole.args[: len(example)])
    count = len(example.args)
    return Arguments(tuple(values[:count]), dict(zip(example.kwargs, values[count:], strict=False)), batch)


def refuse_unlike(call: Arguments, example: Arguments, module: Module | None = None) -> None:
    """Refuse a batch that cannot be what the example inputs are: a dict, an array, or labels in place of a tensor.

    Raises:
        QvizError: It has one of these; observers would stop at it, as if an operator were to blame.
    """
    for name, value, wanted in zip(names(example, module), call.values, example.values, strict=False):
        if isinstance(wanted, torch.Tensor) and _has_no_values(value) and not wanted.is_meta:
            raise QvizError(
                tr("The data gives a tensor without values for {name}: it is on the meta device", name=name),
                tr("Load the batches, or create them without device='meta'."),
            )
        if isinstance(wanted, torch.Tensor) and _is_unlike(value, wanted):
            raise QvizError(
                tr(
                    "The data gives {given} for {name}, and the example input is {wanted}",
                    given=_describe(value),
                    name=name or tr("an argument"),
                    wanted=_describe(wanted),
                ),
                tr(
                    "Give tensors, in the order of the arguments of forward() or in a dict by their names; labels come "
                    "after them."
                ),
            )


def _has_no_values(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_meta


def _is_unlike(value: Any, wanted: torch.Tensor) -> bool:
    if isinstance(value, torch.Tensor):
        has_labels = wanted.is_floating_point() and not (value.is_floating_point() or value.is_complex())
        return has_labels and value.dim() != wanted.dim()
    return value is None or isinstance(value, (Mapping, str, bytes)) or type(value).__module__ == "numpy"


def describe(inputs: Arguments) -> tuple[str, ...]:
    """Return shape and dtype of every input, for people: ``1×3×224×224 float32``, ``mask=1×8 int64``."""
    named = (f"{name}={_describe(value)}" for name, value in inputs.kwargs.items())
    return (*map(_describe, inputs.args), *named)


def _describe(value: Any) -> str:
    match value:
        case torch.Tensor():
            return f"{'×'.join(map(str, value.shape))} {str(value.dtype).removeprefix('torch.')}".lstrip()
        case Mapping():
            return "{" + ", ".join(f"{key}: {_describe(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "(" + ", ".join(map(_describe, value)) + ")"
        case _:
            return type(value).__name__
