"""Reads what models a Python file offers, and the arguments that each takes; runs nothing of it."""

from __future__ import annotations

import ast
import importlib.machinery
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from qviz.document.regular_files import read_regular
from qviz.errors import QvizError
from qviz.sources.kinds import code_file, kind_of

CandidateKind: TypeAlias = Literal["class", "instance", "function"]
ParameterKind: TypeAlias = Literal["positional", "either", "keyword", "star", "double star"]
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_CandidatesByName: TypeAlias = dict[str, "Candidate"]

_BESIDE = frozenset({"example_inputs", "calibration_data", "train", "main"})
"""What stands beside a model and is none."""
MAX_SOURCE_BYTES = 1 << 20
"""Of a Python file that is looked into; no person writes a larger one."""
_NN = ("nn.", "torch.nn.")


class Parameter(NamedTuple):
    """A parameter of a callable, with annotation and default as the file writes them."""

    name: str
    annotation: str = ""
    default: str | None = None
    kind: ParameterKind = "either"

    @property
    def is_required(self) -> bool:
        """Whether a call without it fails."""
        return self.default is None and self.kind not in ("star", "double star")


_ANY = (Parameter("args", kind="star"), Parameter("kwargs", kind="double star"))
"""What a class may take whose ``__init__`` stands in another file."""


class Candidate(NamedTuple):
    """A name in a file that a model can come from.

    Attributes:
        parameters: What it is called with; any arguments, where the file alone does not tell.
        is_likely: It makes a model as far as the file tells.
    """

    name: str
    kind: CandidateKind
    line: int
    parameters: tuple[Parameter, ...] = ()
    is_likely: bool = True

    @property
    def needs_arguments(self) -> bool:
        """Whether a call without arguments fails."""
        return any(each.is_required for each in self.parameters)


class Offer(NamedTuple):
    """What a source leaves open.

    Attributes:
        place: The file or module, as it was given.
        candidates: What the user may mean.
    """

    place: str
    candidates: tuple[Candidate, ...]

    @property
    def is_plain(self) -> bool:
        """Whether there is one candidate alone, and nothing to fill in."""
        return len(self.candidates) == 1 and self.candidates[0].parameters == ()


def offer(source: str, folders: Sequence[str]) -> Offer | None:
    """Return what there is to choose for a source; None where it can run, or fail, as it stands.

    Args:
        source: ``file.py``, ``file.py:make`` or a module in place of the file.
        folders: Where modules are looked for, in this order.
    """
    kind = kind_of(source)
    if kind.is_shipped or kind.is_whole or kind.is_result or "(" in source:
        return None
    place, attribute = _apart(source)
    file = Path(os.path.expanduser(place)) if code_file(place) else module_file(place, folders)
    found = candidates(file) if file is not None else ()
    if attribute:
        found = tuple(each for each in found if each.name == attribute and each.needs_arguments)
    is_worth = code_file(place) is not None or any(each.is_likely for each in found)  # modules pass on others' names
    return Offer(place, found) if found and is_worth else None


def _apart(source: str) -> tuple[str, str]:
    file = code_file(source)
    if file is not None:
        return file, source[len(file) + 1 :]
    place, _, attribute = source.partition(":")
    return place, attribute


def module_file(dotted: str, folders: Sequence[str]) -> Path | None:
    """Return the file of ``package.module``; packages on the way are not imported, as `find_spec` would."""
    places: Sequence[str] | None = folders
    file: str | None = None
    for part in dotted.split("."):
        found = importlib.machinery.PathFinder.find_spec(part, places) if part.isidentifier() and places else None
        if found is None:
            return None
        file, places = found.origin, found.submodule_search_locations
    return Path(file) if file is not None and file.endswith(".py") else None


def candidates(file: Path) -> tuple[Candidate, ...]:
    """Return what a file offers, the likely ones first; nothing where it cannot be read, which the engine tells."""
    try:
        return _candidates(ast.parse(read_regular(file, MAX_SOURCE_BYTES)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, QvizError):
        return ()


def _candidates(tree: ast.Module) -> tuple[Candidate, ...]:
    statements = list(_statements(tree.body))
    classes = {each.name: each for each in statements if isinstance(each, ast.ClassDef)}
    models = {name: each for name, each in classes.items() if _is_model(each, classes, ())}
    found: _CandidatesByName = {}
    for each in statements:
        for made in _read(each, models, found):
            found.pop(made.name, None)  # what is defined last is what the name means
            found[made.name] = made
    return tuple(sorted(found.values(), key=lambda made: not made.is_likely))


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk a module's statements, those under ``if`` and ``try`` too, but not its program."""
    for each in body:
        if isinstance(each, ast.If) and "__name__" not in ast.unparse(each.test):
            yield from _statements([*each.body, *each.orelse])
        elif isinstance(each, ast.Try):
            handled = [inner for handler in each.handlers for inner in handler.body]
            yield from _statements([*each.body, *handled, *each.orelse, *each.finalbody])
        else:
            yield each


def _is_model(made: ast.ClassDef, classes: dict[str, ast.ClassDef], below: tuple[str, ...]) -> bool:
    bases = [ast.unparse(base) for base in made.bases]
    if any(base.startswith(_NN) or base.endswith("Module") for base in bases):
        return True
    own = [classes[base] for base in bases if base in classes and base not in (*below, made.name)]
    if any(_is_model(base, classes, (*below, made.name)) for base in own):
        return True
    imported = [base for base in bases if base not in classes]
    if any(base.endswith(("Model", "Net")) and not base.endswith("BaseModel") for base in imported):
        return True
    return bool(imported) and any(isinstance(each, ast.FunctionDef) and each.name == "forward" for each in made.body)


def _read(each: ast.stmt, models: dict[str, ast.ClassDef], found: _CandidatesByName) -> Iterator[Candidate]:
    match each:
        case ast.ClassDef(name=name) if name in models and not name.startswith("_"):
            yield Candidate(name, "class", each.lineno, _made_with(each, models, ()))
            yield from _methods(each, models)
        case ast.FunctionDef(name=name) if not name.startswith("_") and name not in _BESIDE and _returns(each):
            yield Candidate(
                name, "function", each.lineno, parameters_of(each.args), _makes_model(each, {*models, *found})
            )
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call)
        ):
            if name not in _BESIDE and not name.startswith("_") and _calls_model(call, models, found):
                yield Candidate(name, "instance", each.lineno)
        case ast.Assign(targets=[ast.Tuple(elts=to)], value=ast.Tuple(elts=values)) if len(to) == len(values):
            for target, value in zip(to, values, strict=True):  # model, example_inputs = Net(), (x,)
                yield from _read(ast.copy_location(ast.Assign([target], value), each), models, found)


def _methods(made: ast.ClassDef, models: dict[str, ast.ClassDef]) -> Iterator[Candidate]:
    """Find the factories in a class: ``Net.small``."""
    for each in made.body:
        marks = [ast.unparse(mark) for mark in each.decorator_list] if isinstance(each, ast.FunctionDef) else []
        if not isinstance(each, ast.FunctionDef) or each.name.startswith("_") or "property" in marks:
            continue
        if "classmethod" in marks and _makes_model(each, {*models, "cls"}):
            yield Candidate(f"{made.name}.{each.name}", "function", each.lineno, parameters_of(each.args, skipped=1))
        elif "staticmethod" in marks and _makes_model(each, {*models}):
            yield Candidate(f"{made.name}.{each.name}", "function", each.lineno, parameters_of(each.args))


def _made_with(made: ast.ClassDef, models: dict[str, ast.ClassDef], below: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Return what a class is called with: its own ``__init__``, or that of a base in the same file."""
    for each in made.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return parameters_of(each.args, skipped=1)
    bases = [ast.unparse(base) for base in made.bases]
    if made.decorator_list or len(bases) != 1:
        return _ANY
    if bases[0] in models and bases[0] not in (*below, made.name):
        return _made_with(models[bases[0]], models, (*below, made.name))
    return () if bases[0] in ("Module", "nn.Module", "torch.nn.Module") else _ANY


def parameters_of(arguments: ast.arguments, skipped: int = 0) -> tuple[Parameter, ...]:
    """Return the parameters of a function; `skipped` leaves out ``self``."""
    first = [(each, "positional") for each in arguments.posonlyargs] + [(each, "either") for each in arguments.args]
    bare = len(first) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [*([None] * bare), *arguments.defaults, *([None] if arguments.vararg else [])]
    rows: list[tuple[ast.arg, str]] = [*first, *([(arguments.vararg, "star")] if arguments.vararg else [])]
    rows += [(each, "keyword") for each in arguments.kwonlyargs]
    defaults += arguments.kw_defaults
    if arguments.kwarg:
        rows.append((arguments.kwarg, "double star"))
        defaults.append(None)
    return tuple(
        Parameter(
            each.arg,
            ast.unparse(each.annotation) if each.annotation else "",
            ast.unparse(default) if default else None,
            kind,  # type: ignore[arg-type]  # the five literals above
        )
        for (each, kind), default in list(zip(rows, defaults, strict=True))[skipped:]
    )


def _own(made: ast.AST) -> Iterator[ast.AST]:
    """Walk a function without what is defined inside of it."""
    for each in ast.iter_child_nodes(made):
        if not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield each
            yield from _own(each)


def _returns(made: _Function) -> bool:
    """Tell whether a function returns a value and is no generator."""
    parts = list(_own(made))
    has_value = any(isinstance(each, ast.Return) and each.value is not None for each in parts)
    return has_value and not any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in parts)


def _makes_model(made: _Function, known: set[str]) -> bool:
    """Tell whether a function is said to return a model, or calls what makes one."""
    said = ast.unparse(made.returns).strip("'\"") if made.returns else ""
    if said.endswith("Module") or said in known:
        return True
    called = [ast.unparse(each.func) for each in _own(made) if isinstance(each, ast.Call)]
    return any(name in known or _is_nn_class(name) for name in called)


def _is_nn_class(name: str) -> bool:
    return (
        name.startswith(_NN)
        and name.count(".") == name.startswith("torch.") + 1
        and name.rsplit(".", maxsplit=1)[-1][0].isupper()
    )


def _calls_model(call: ast.Call, models: dict[str, ast.ClassDef], found: _CandidatesByName) -> bool:
    """Tell whether a call makes a model; ``Net().eval()`` is looked through."""
    name = ast.unparse(call.func)
    if name in models or _is_nn_class(name) or (name in found and found[name].is_likely):
        return True
    inner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(inner, ast.Call) and _calls_model(inner, models, found)
