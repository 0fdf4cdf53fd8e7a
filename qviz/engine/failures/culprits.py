"""The nodes and modules at which an exception was raised, read from the frames that it came through."""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.ao.quantization import QConfig
from torch.fx import Graph, GraphModule, Node

from qviz.engine.failures.chain import chain, root
from qviz.engine.failures.lines import generated_node

_ENGINE = str(Path(__file__).parents[1])
_NAME = re.compile(r"[A-Za-z_]\w*")
_MOST = 3
"""How many nodes, or owners of one qconfig, are still a place."""
_ANNOTATION = "quantization_annotation"
_STOPPED_AT = "_stopped_at"
_LONGEST = 4
"""Tuples and lists up to this length are looked into: edges, modules to fuse, not all nodes of a graph."""


class Culprits(NamedTuple):
    """Where an exception was raised.

    Attributes:
        nodes: Of a graph that torch had at work; innermost first.
        module: The path of the innermost module; "" where there is none.
    """

    nodes: tuple[Node, ...] = ()
    module: str = ""


def culprits(error: BaseException, model: nn.Module | None = None) -> Culprits:
    """Return the nodes and the module of the innermost frames that have any, those of the root cause first.

    Args:
        error: What was raised.
        model: The user's model, whose paths are used.
    """
    links = chain(error)
    tops = _tops(links, model)
    paths, annotated = _paths(tops), _annotated(tops)
    nodes: tuple[Node, ...] = ()
    owners: tuple[Node, ...] = ()
    module = first = ""
    for values in _sights(links):
        seen = list(values)
        first = first or _first_asked(seen, tops)
        nodes = nodes or tuple(node for each in seen for node in _nodes(each))
        owners = owners or tuple(node for each in seen for node in annotated if _is_owner(node, each))
        module = module or next((path for each in seen if (path := _path(each, paths))), "")
    if not (nodes or owners or module or first):
        nodes = _looped(links)
    return Culprits(tuple(dict.fromkeys((*owners, *nodes)))[:_MOST], module or first)


def note_place(error: BaseException, node: Node) -> None:
    """Note the node of a graph at which an exception was raised, where no frame of it tells."""
    vars(root(error))[_STOPPED_AT] = node


def _looped(links: Iterable[BaseException]) -> tuple[Node, ...]:
    """Return the node at which a loop of torch's over a graph stands; one that is over stands at the output."""
    for each in links:
        for step in reversed(list(_steps(each.__traceback__))):
            found = [step.tb_frame.f_locals.get(name) for name in ("n", "node")]
            for node in found if "/torch/" in step.tb_frame.f_code.co_filename.replace("\\", "/") else ():
                if isinstance(node, Node) and node.op != "output":
                    return (node,)
    return ()


def _first_asked(values: Iterable[Any], tops: Iterable[nn.Module]) -> str:
    """Return the first layer with a weight where torch was about to give the qconfig of all to the whole model."""
    if not any(isinstance(each, QConfig) for each in values):
        return ""
    whole = next((top for top in tops if any(each is top for each in values)), None)
    layers = whole.named_modules() if whole is not None else ()
    return next((path for path, each in layers if path and isinstance(getattr(each, "weight", None), Tensor)), "")


def _sights(links: Iterable[BaseException]) -> Iterator[Iterable[Any]]:
    """Yield what each exception holds, then the values at work in its frames, innermost first."""
    for each in links:
        noted = vars(each).get(_STOPPED_AT)
        yield [noted, *(value for arg in each.args for value in (arg if isinstance(arg, tuple) else (arg,)))]
        for step in reversed(list(_steps(each.__traceback__))):
            if (node := generated_node(step.tb_frame, step.tb_lineno)) is not None:
                yield [node]
            elif not step.tb_frame.f_code.co_filename.startswith(_ENGINE):
                yield _at_work(step)


def _steps(step: TracebackType | None) -> Iterator[TracebackType]:
    while step is not None:
        yield step
        step = step.tb_next


def _at_work(step: TracebackType) -> Iterator[Any]:
    """Yield the values that the failing line names, then the function's arguments.

    Other variables may be left over from a loop that ended long before.
    """
    frame = step.tb_frame
    known = frame.f_locals
    named = _NAME.findall(_line(frame, step.tb_lasti, step.tb_lineno))
    code = frame.f_code
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for name in dict.fromkeys((*named, *arguments)):
        if name in known:
            yield known[name]


def _line(frame: FrameType, instruction: int, number: int | None) -> str:
    """Return the source of the failing expression; its first line where Python does not know more."""
    file, first, last = frame.f_code.co_filename, number, number
    try:
        first, last = _span(frame.f_code, instruction) or (number, number)
    except RuntimeError:  # torch.fx patches byte code and leaves its table of positions as it was
        first = last = number
    lines = [linecache.getline(file, each) for each in range(first or 0, (last or 0) + 1)]
    return "".join(lines)


def _span(code: CodeType, instruction: int) -> tuple[int, int] | None:
    positions = getattr(code, "co_positions", tuple)  # Python 3.10 has none
    for at, (first, last, _, _) in enumerate(positions()):
        if at == instruction // 2:
            return (first, last) if first is not None and last is not None else None
    return None


def _nodes(value: Any) -> Iterator[Node]:
    """Yield the nodes that a value stands for: itself, an edge, what a quantization spec refers to."""
    if isinstance(value, Node):
        if value.op != "output":
            yield value
    elif isinstance(value, (tuple, list)) and len(value) <= _LONGEST:
        if value and all(isinstance(each, Node) for each in value):
            yield from value
    else:
        yield from _referred(value)


def _referred(spec: Any) -> tuple[Node, ...]:
    """Return the nodes that a quantization spec refers to; none of any other value."""
    place = None
    match type(spec).__name__:  # torchao has classes of its own by these names
        case "SharedQuantizationSpec":
            place = spec.edge_or_node
        case "DerivedQuantizationSpec":
            place = next(iter(spec.derived_from), None)
    nodes = place if isinstance(place, tuple) else (place,)
    return nodes if all(isinstance(each, Node) for each in nodes) else ()


def _is_owner(node: Node, value: Any) -> bool:
    """Tell whether a value is the annotation of a node, or a spec that it holds, of whatever class."""
    if value is None or isinstance(value, Node):
        return False
    annotation = node.meta[_ANNOTATION]
    edges = getattr(annotation, "input_qspec_map", None)
    specs = edges.values() if isinstance(edges, dict) else ()
    return any(each is value for each in (annotation, getattr(annotation, "output_qspec", None), *specs))


def _path(value: Any, paths: dict[int, str]) -> str:
    if isinstance(value, (nn.Module, QConfig)):
        return paths.get(id(value), "")
    if isinstance(value, (tuple, list)) and len(value) <= _LONGEST:  # modules that are fused
        return next((path for each in value if isinstance(each, nn.Module) and (path := _path(each, paths))), "")
    stack = getattr(value, "nn_module_stack", None)  # where dynamo is in the user's model
    return _module_of(stack, {*paths.values()}) if isinstance(stack, dict) and stack else ""


def _module_of(stack: dict[Any, Any], known: set[str]) -> str:
    innermost = list(stack.values())[-1]
    path = str(innermost[0]) if isinstance(innermost, tuple) and innermost else ""
    is_in_closure = "__closure__" in path  # of a function that torch.cond was given, as in L['args'][1].__closure__
    path = re.sub(r"L\['self'\]\.?|_modules\b|getattr\(|\)$", "", path)
    steps = _NAME_OR_NUMBER.findall(path)
    if not is_in_closure:
        return ".".join(steps)
    return next((path for at in range(len(steps)) if (path := ".".join(steps[at:])) in known), "")


_NAME_OR_NUMBER = re.compile(r"\w+")


def _tops(links: Iterable[BaseException], model: nn.Module | None) -> list[nn.Module]:
    """Return the user's model, and the graphs that torch had at work."""
    tops: list[nn.Module] = [] if model is None else [model]
    for each in links:
        for frame, _ in traceback.walk_tb(each.__traceback__):
            tops += [value for value in frame.f_locals.values() if isinstance(value, GraphModule)]
    return list({id(each): each for each in tops}.values())


def _annotated(tops: Iterable[nn.Module]) -> list[Node]:
    """Return the nodes with the annotation of a quantizer."""
    graphs = [graph for each in tops if isinstance(graph := getattr(each, "graph", None), Graph)]
    return [node for graph in graphs for node in graph.nodes if node.meta.get(_ANNOTATION) is not None]


def _paths(tops: Iterable[nn.Module]) -> dict[int, str]:
    """Return the paths of modules, and of the qconfigs that one module alone has, by identity."""
    paths: dict[int, str] = {}
    owners: dict[int, list[str]] = {}
    for top in tops:
        for path, module in top.named_modules():
            paths.setdefault(id(module), path)
            if path and isinstance(qconfig := getattr(module, "qconfig", None), QConfig):
                owners.setdefault(id(qconfig), []).append(path)
    return paths | {key: held[0] for key, held in owners.items() if len(set(held)) == 1}
