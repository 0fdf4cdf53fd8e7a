"""Finds which files beside a Python file run with it, from its text alone."""

from __future__ import annotations

import ast
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from qviz.document.regular_files import read_regular
from qviz.errors import QvizError
from qviz.sources.candidates import MAX_SOURCE_BYTES, module_file

MOST_FILES = 500
_IMPORTERS = frozenset(
    {"import_module", "__import__", "find_spec", "run_module", "run_path", "spec_from_file_location"}
)
_NO_SOURCES = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "build", "dist"})


class ImportedModule(NamedTuple):
    """An import as a file writes it: the module, how many packages above it begins, and the names taken from it."""

    module: str
    level: int = 0
    names: tuple[str, ...] = ()


def dotted_name(path: Path) -> tuple[Path, str]:
    """Return the folder to import a file from, and the name there: ``package.module`` for a file of a package."""
    root, parts = path.parent, [path.stem]
    while os.path.isfile(root / "__init__.py") and root.name.isidentifier():
        parts.insert(0, root.name)
        root = root.parent
    return root, ".".join(parts)


def folders_of(file: Path) -> tuple[Path, ...]:
    """Return where a file's imports are looked for: its own root, and the working folder if the file is inside."""
    root, here = dotted_name(file)[0], Path.cwd()
    return (root, here) if file.is_relative_to(here) and here != root else (root,)


def files_beside(file: Path, modules: Iterable[str], installed: Sequence[str] = ()) -> tuple[Path, ...]:
    """Return the Python files that run when modules are imported from where a file is that is no Python file.

    Args:
        file: One that names modules, as a pickle does.
        modules: Their names.
        installed: Where Python looks first; what is there is not meant.
    """
    folders = folders_of(file)
    others = [each for each in installed if each and Path(each) not in folders]
    found: dict[Path, None] = {}
    for each in modules:
        path = module_beside(file, each) if module_file(each, others) is None else None
        if path is not None:
            found.update(dict.fromkeys(files_with(path, folders)))
    return tuple(found)


def module_beside(file: Path, module: str) -> Path | None:
    """Return the file of a module that stands beside a file or in the working folder around it; None without one."""
    if module == "__main__" or module.split(".", 1)[0] in sys.stdlib_module_names:
        return None
    return module_file(module, [str(each) for each in folders_of(file)])


def files_with(file: Path, folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of some folders that run when a file is imported, itself first.

    A file that imports by names that it computes brings along every Python file of its folder. So does one that cannot
    be read here: it is too long or nested too deep, or a newer Python runs it.
    """
    found: dict[Path, None] = dict.fromkeys((file, *_packages_around(file)))
    left = deque(found)
    while left and len(found) < MOST_FILES:
        path = left.popleft()
        near = _near(path, folders)
        for each in near:
            if each not in found and len(found) < MOST_FILES:
                found[each] = None
                left.append(each)
    return tuple(found)


def _near(path: Path, folders: Sequence[Path]) -> list[Path]:
    if path.suffix != ".py" or not os.path.isfile(path):
        return []
    try:
        tree = ast.parse(read_regular(path, MAX_SOURCE_BYTES))
        if not imports_by_computed_names(tree):
            return list(_files(path, tree, folders))
        return [*_files(path, tree, folders), *_all_in(dotted_name(path)[0])]
    except (QvizError, SyntaxError, ValueError, RecursionError, MemoryError):
        return _all_in(dotted_name(path)[0])


def defined_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that a module itself binds at its top, by a definition or an assignment, not by an import."""
    return frozenset(_bound(tree.body))


def _bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    for each in body:
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield each.name
        elif isinstance(each, ast.Assign):
            for target in each.targets:
                yield from _names(target)
        elif isinstance(each, (ast.AnnAssign, ast.AugAssign)):
            yield from _names(each.target)
        for inner in ("body", "orelse", "finalbody"):
            if not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from _bound(getattr(each, inner, []))
        for handler in getattr(each, "handlers", []):
            yield from _bound(handler.body)


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            yield from _names(each.value if isinstance(each, ast.Starred) else each)


def imports_by_computed_names(tree: ast.Module) -> bool:
    """Tell whether a file imports what its text does not name."""
    return any(
        isinstance(each, ast.Call) and _called(each) in _IMPORTERS and _literal(each) is None for each in ast.walk(tree)
    )


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _literal(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _imports(tree: ast.Module) -> Iterator[ImportedModule]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            yield from (ImportedModule(alias.name) for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            yield ImportedModule(each.module or "", each.level, tuple(alias.name for alias in each.names))
        elif isinstance(each, ast.Call) and _called(each) in _IMPORTERS and (name := _literal(each)):
            level = len(name) - len(name.lstrip("."))
            yield ImportedModule(name[level:], level)


def _files(path: Path, tree: ast.Module, folders: Sequence[Path]) -> Iterator[Path]:
    for each in _imports(tree):
        if each.level:
            base = path.parent
            for _ in range(each.level - 1):
                base = base.parent
            yield from _found(each, [base])
        elif each.module.split(".", 1)[0] not in sys.stdlib_module_names:
            yield from _found(each, folders)


def _found(wanted: ImportedModule, folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the files of a module, of the packages around it, and of the names taken from it that are modules."""
    parts = wanted.module.split(".") if wanted.module else []
    if not all(part.isidentifier() for part in parts):
        return
    for folder in folders:
        here, is_there = folder, not parts
        for part in parts:
            here = here / part
            init, file = here / "__init__.py", here.with_name(f"{part}.py")
            is_there = os.path.isfile(init) or os.path.isfile(file) or os.path.isdir(here)
            if os.path.isfile(init):
                yield init
            elif os.path.isfile(file):
                yield file
        if is_there and os.path.isdir(here):
            for name in wanted.names:
                inner = (here / name / "__init__.py", here / f"{name}.py")
                yield from (each for each in inner if name.isidentifier() and os.path.isfile(each))


def _packages_around(file: Path) -> Iterator[Path]:
    folder = file.parent
    while os.path.isfile(folder / "__init__.py") and folder.name.isidentifier():
        if folder / "__init__.py" != file:
            yield folder / "__init__.py"
        folder = folder.parent


def _all_in(root: Path) -> list[Path]:
    """Return every Python file below a folder, but for environments and what begins with a dot."""
    found: list[Path] = []
    left = deque([root])
    while left and len(found) < MOST_FILES:
        for each in _sorted_entries(left.popleft()):
            if each.is_symlink() or each.name.startswith(".") or each.name in _NO_SOURCES:
                continue
            if each.is_dir():
                left.append(each)
            elif each.suffix == ".py":
                found.append(each)
    return found


def _sorted_entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # nobody can import from it either
        return []
