"""Laws that keep the house easy to read: short files, classes and functions, and modules named for what they hold."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM_LINES, OTHER_LINES = 350, 400
METHODS = 25
STATEMENTS = 40
"""The same number as ruff's, which counts otherwise: here a nested function counts with the one around it."""
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "misc"})


class Module(NamedTuple):
    """A file of Python and what it says."""

    path: str
    tree: ast.Module
    lines: int


def modules(*folders: str) -> Iterator[Module]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield Module(path.relative_to(ROOT).as_posix(), ast.parse(text), len(text.splitlines()))


def statements(node: ast.AST) -> int:
    """Count what a function does: every statement inside it but its docstring."""
    inside = [each for each in ast.walk(node) if isinstance(each, ast.stmt) and each is not node]
    return sum(not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)) for each in inside)


def methods(node: ast.ClassDef) -> int:
    return sum(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in node.body)


def long_files() -> set[str]:
    program = {each.path for each in modules("qviz") if each.lines > PROGRAM_LINES}
    return program | {each.path for each in modules("scripts", "tests") if each.lines > OTHER_LINES}


def large_classes() -> set[str]:
    return {
        f"{module.path}:{node.name}"
        for module in modules("qviz")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and methods(node) > METHODS
    }


def long_functions() -> set[str]:
    return {
        f"{module.path}:{node.name}"
        for module in modules("qviz")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and statements(node) > STATEMENTS
    }


def badly_named() -> set[str]:
    paths = (Path(each.path) for each in modules("qviz", "scripts"))
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
    for module in modules("qviz"):
        for name in type_names(module.tree):
            places[name.lstrip("_")].append(module.path)  # a private one is read beside the other, too
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_the_search_for_type_names_finds_classes_and_aliases():
    text = "class A: pass\nB: TypeAlias = int\nC = tuple[int]\nD = TypeVar('D')\nE = 1\n"
    assert list(type_names(ast.parse(text))) == ["A", "B", "C"]
