"""Laws that keep the house easy to read: short files, classes and functions, and modules named for what they hold."""

from __future__ import annotations

import ast
import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.program import Source, sources

PROGRAM_LINES, OTHER_LINES = 350, 400
METHODS = 25
STATEMENTS = 40
"""The same number as ruff's, which counts otherwise: here a nested function counts with the one around it."""
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "misc"})


class Module(NamedTuple):
    """What the laws ask of a file: its classes by name with their methods, its functions with their statements."""

    path: str
    classes: list[tuple[str, int]]
    functions: list[tuple[str, int]]
    type_names: list[str]


@functools.cache
def modules() -> list[Module]:
    return [_module(each) for each in sources()]


def _module(source: Source) -> Module:
    tree = ast.parse(source.text)
    nodes = [*ast.walk(tree)]
    return Module(
        source.path,
        [(each.name, methods(each)) for each in nodes if isinstance(each, ast.ClassDef)],
        [(each.name, statements(each)) for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)],
        [*type_names(tree)],
    )


def statements(node: ast.AST) -> int:
    """Count what a function does: every statement inside it but its docstring."""
    own = (each for part in ("body", "orelse", "finalbody", "handlers", "cases") for each in getattr(node, part, ()))
    return sum(
        statements(each)
        + (isinstance(each, ast.stmt) and not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)))
        for each in own
    )


def methods(node: ast.ClassDef) -> int:
    return sum(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in node.body)


def long_files() -> set[str]:
    files = {PROGRAM_LINES: sources(), OTHER_LINES: sources("scripts", "tests")}
    return {each.path for most, some in files.items() for each in some if len(each.text.splitlines()) > most}


def large_classes() -> set[str]:
    return {f"{each.path}:{name}" for each in modules() for name, count in each.classes if count > METHODS}


def long_functions() -> set[str]:
    return {f"{each.path}:{name}" for each in modules() for name, count in each.functions if count > STATEMENTS}


def badly_named() -> set[str]:
    paths = (Path(each.path) for each in sources("qviz", "scripts"))
    return {path.as_posix() for path in paths if EMPTY_NAMES & set(path.with_suffix("").parts)}


@pytest.mark.parametrize("law", [long_files, large_classes, long_functions, badly_named])
def test_a_law_holds(law: Callable[[], set[str]]):
    assert law() == set()


def test_statements_of_nested_functions_count():
    inner = "\n".join(f"        x = {number}" for number in range(5))
    tree = ast.parse(f"def outer():\n    'About it.'\n    def inner():\n{inner}\n    return inner")
    assert statements(tree.body[0]) == 7


def test_methods_are_those_of_the_class_itself():
    tree = ast.parse(
        "class A:\n  x = 1\n  def f(self): ...\n  async def g(self): ...\n  class B:\n    def h(self): ..."
    )
    assert isinstance(tree.body[0], ast.ClassDef)
    assert methods(tree.body[0]) == 2


def type_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names of classes, and of aliases of types, that a module defines."""
    yield from (each.name for each in ast.walk(tree) if isinstance(each, ast.ClassDef))
    for each in tree.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            if "TypeAlias" in ast.unparse(each.annotation):
                yield each.target.id
        elif isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            name = each.targets[0].id
            is_named_as_type = re.fullmatch(r"_?[A-Z](\w*[a-z]\w*)?", name) is not None
            if is_named_as_type and isinstance(each.value, (ast.Subscript, ast.BinOp, ast.Name, ast.Attribute)):
                yield name


def test_a_type_name_has_one_meaning():
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        for name in module.type_names:
            places[name.lstrip("_")].append(module.path)  # a private one is read beside the other, too
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_the_search_for_type_names_finds_classes_and_aliases():
    text = "class A: pass\nB: TypeAlias = int\nC = tuple[int]\nD = TypeVar('D')\nE = 1\n"
    assert list(type_names(ast.parse(text))) == ["A", "B", "C"]
