"""Lists the models of a file with what their forward takes, and guesses which one is meant; runs nothing of it."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from qviz.document.regular_files import read_regular
from qviz.errors import QvizError
from qviz.sources.candidates import MAX_SOURCE_BYTES, Candidate, Parameter, candidates, module_file, parameters_of
from qviz.sources.kinds import code_file, kind_of


class ListedModel(NamedTuple):
    """A model that a file offers.

    Attributes:
        candidate: What is called, or taken as it is.
        forward: What the model is called with; None where the file does not tell.
        makes: The class that a function makes; "" where it is not known.
        part_of: The class that this one is a part of; "" for none.
    """

    candidate: Candidate
    forward: tuple[Parameter, ...] | None = None
    makes: str = ""
    part_of: str = ""


class ModelList(NamedTuple):
    """What a source could mean.

    Attributes:
        place: The file or module, as it was given.
        file: The file that was read; "" where there is none to read.
        models: What it offers, in the order of the file, but what is hardly a model last.
        chosen: Which of them is named, or the best guess; -1 for none.
        arguments: What the source line already gives to it, as it is written: ``depth=18``.
    """

    place: str
    file: str
    models: tuple[ListedModel, ...]
    chosen: int
    arguments: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the source leaves open which model is meant, or what it is called with."""
        return self.chosen >= 0 and not self.arguments


def model_list(source: str, folders: Sequence[str]) -> ModelList | None:
    """Return what a source could mean; None for one in which there is nothing to choose.

    Args:
        source: ``file.py``, ``file.py:make(depth=18)``, or a module in place of the file.
        folders: Where modules are looked for, in this order.
    """
    kind = kind_of(source)
    if kind.is_shipped or kind.is_whole or kind.is_result:
        return None
    place = code_file(source)
    rest = source[len(place) + 1 :] if place is not None else source.partition(":")[2]
    place = place if place is not None else source.partition(":")[0]
    file = Path(os.path.expanduser(place)) if code_file(place) else module_file(place, folders)
    models = listed_models(file) if file is not None else ()
    name, _, arguments = rest.partition("(")
    names = [each.candidate.name for each in models]
    if name and name not in names:
        return None
    chosen = names.index(name) if name else best_guess(models)
    return ModelList(place, str(file or ""), models, chosen, arguments.removesuffix(")"))


def best_guess(models: Sequence[ListedModel]) -> int:
    """Return which model is meant most likely; -1 where there is none.

    One that the file makes itself comes first, then what is no part of another and needs no arguments, classes
    before functions.
    """
    order = sorted(range(len(models)), key=lambda place: (*_unlikeliness(models[place]), place))
    return order[0] if order else -1


def _unlikeliness(model: ListedModel) -> tuple[bool, bool, bool, int]:
    made = model.candidate
    order = ("instance", "class", "function")
    return not made.is_likely, bool(model.part_of), made.needs_arguments, order.index(made.kind)


def listed_models(file: Path) -> tuple[ListedModel, ...]:
    """Return the models of a file; none where it cannot be read, which the engine tells."""
    try:
        return _listed(ast.parse(read_regular(file, MAX_SOURCE_BYTES)), candidates(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError, QvizError):
        return ()


def _listed(tree: ast.Module, offered: Sequence[Candidate]) -> tuple[ListedModel, ...]:
    classes = {each.name: each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}
    made = {name: name for name in classes} | dict(_made_by_statements(tree, classes))
    wholes = {part: name for name, each in reversed(classes.items()) for part in _called(each, classes) if part != name}
    found: list[ListedModel] = []
    for each in offered:
        owner, _, _ = each.name.partition(".")
        class_name = made.get(each.name, owner if owner in classes and "." in each.name else "")
        forward = _forward(class_name, classes, ())
        makes = class_name if each.kind != "class" else ""
        part_of = wholes.get(each.name, "") if each.kind == "class" else ""
        found.append(ListedModel(each, forward, makes, part_of))
    return tuple(sorted(found, key=lambda model: (not model.candidate.is_likely, model.candidate.line)))


def _made_by_statements(tree: ast.Module, classes: dict[str, ast.ClassDef]) -> Iterator[tuple[str, str]]:
    """Yield functions and instances with the class of the file that they make."""
    for each in ast.walk(tree):
        match each:
            case ast.FunctionDef(name=name):
                returned = [made.value for made in ast.walk(each) if isinstance(made, ast.Return) and made.value]
                said = ast.unparse(each.returns).strip("'\"") if each.returns else ""
                named = said if said in classes else next((c for v in returned for c in _called(v, classes)), "")
                if made := named or next(iter(_called(each, classes)), ""):
                    yield name, made
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if made := next(iter(_called(value, classes)), ""):
                    yield name, made
            case ast.Assign(targets=[ast.Tuple(elts=to)], value=ast.Tuple(elts=values)) if len(to) == len(values):
                for target, value in zip(to, values, strict=True):
                    if isinstance(target, ast.Name) and (made := next(iter(_called(value, classes)), "")):
                        yield target.id, made


def _called(within: ast.AST, classes: dict[str, ast.ClassDef]) -> list[str]:
    """Return the classes of the file that are called in a part of it, the first first."""
    calls = (each.func for each in ast.walk(within) if isinstance(each, ast.Call))
    names = (each.id for each in calls if isinstance(each, ast.Name) and each.id in classes)
    return list(dict.fromkeys(names))


def _forward(name: str, classes: dict[str, ast.ClassDef], below: tuple[str, ...]) -> tuple[Parameter, ...] | None:
    """Return what the forward of a class takes: its own, or that of a base in the same file."""
    made = classes.get(name)
    if made is None or name in below:
        return None
    for each in made.body:
        if isinstance(each, ast.FunctionDef) and each.name == "forward":
            return parameters_of(each.args, skipped=1)
    bases = (_forward(ast.unparse(base), classes, (*below, name)) for base in made.bases)
    return next((each for each in bases if each is not None), None)
