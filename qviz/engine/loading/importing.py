"""Imports the user's files and modules, anew for every run, so that a saved file is read again."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from qviz.engine.loading.broker import at_work, check_module, granted, is_sample
from qviz.engine.loading.guarded_folders import GrantedSource, at_rest, forget_folders, is_installed, make_importable
from qviz.engine.loading.import_failures import import_failure, only_as_program
from qviz.errors import QvizError
from qviz.sources.candidates import module_file
from qviz.sources.other_forms import FORMS
from qviz.sources.text import Name, look_up
from qviz.trust.imported import defined_names, dotted_name, folders_of, module_beside
from qviz.trust.references import NamedBy
from qviz.words import tr

_brought: list[str] = []
"""Modules of the user's own folders that sources have brought in since `forget`."""


def forget() -> None:
    """Drop the user's own modules, so that the next import reads their files as they are now."""
    for name in _brought:
        sys.modules.pop(name, None)
    _brought.clear()
    forget_folders()
    linecache.checkcache()


def import_name(
    name: Name, what: str, folder: Path | None = None, wanted: Callable[[Any], bool] = callable
) -> tuple[ModuleType, Any]:
    """Return what a name stands for, with the module that defines it; the user allowed it.

    Args:
        name: Where it is, and what it is called.
        what: For people: "model", "function".
        folder: Where modules are looked for, beside the working folder.
        wanted: Tells of a value of the module whether it may have been meant.

    Raises:
        QvizError: Nobody allowed it; it is not there, or it fails while it is imported; then the line is named.
    """
    grant = granted(name)
    is_typed = grant.origin is NamedBy.TYPED
    if is_typed and not grant.files:
        at_work().trust_folder(_root(name, folder))
    with _noted():
        if name.is_file:
            module = _import_file(Path(name.place))
        else:
            _find_importable(name.place, folder)
            if grant.files:
                check_module(grant, name, _found_at(name.place))
            module = _import_module(name.place)
    own = [key for key, value in vars(module).items() if wanted(value)]
    if name.attribute and not hasattr(module, name.attribute) and name.attribute in _only_as_program(module):
        raise QvizError(
            tr(
                "{place} makes {name} only where it runs as a program, under: if __name__ == '__main__':",
                place=name.place,
                name=name.attribute,
            ),
            tr("Make it in a function that returns it, and name the function."),
        )
    return module, look_up(module, name, own, what, None if is_typed else _defined(module))


def import_beside(file: Path, modules: Iterable[str]) -> tuple[Path, ...]:
    """Import the modules that a pickle names and that stand beside its file; the user allowed them with it.

    Returns:
        The folders that they are imported from; none where nothing is.

    Raises:
        QvizError: One fails while it is imported; then the line is named.
    """
    allowed, folders = at_work().need(str(file)).files, folders_of(file)
    found = {each: module_beside(file, each) for each in modules}
    # What the user's own program names has no list of files.
    wanted = [each for each, path in found.items() if path is not None and (not allowed or str(path) in allowed)]
    with _noted():
        for folder in folders if wanted else ():
            make_importable(folder)
        for each in wanted:
            _import_module(each)
    return folders if wanted else ()


def _root(name: Name, folder: Path | None) -> Path:
    if is_sample(name):
        return Path(name.place).parent
    if name.is_file:
        return folders_of(Path(name.place).expanduser().absolute())[-1]
    return folder or Path.cwd()


def _defined(module: ModuleType) -> frozenset[str]:
    """Return the names that a module itself defines; of a package, also those that its own modules do."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        tree = ast.Module([], [])
    inside = f"{module.__name__}."
    from_within = (key for key, value in vars(module).items() if _made_in(value).startswith(inside))
    return defined_names(tree) | frozenset(from_within if hasattr(module, "__path__") else ())


def _only_as_program(module: ModuleType) -> set[str]:
    try:
        return only_as_program(inspect.getsource(module))
    except (OSError, TypeError):
        return set()


def _made_in(value: object) -> str:
    return str(value.__module__) if isinstance(value, (type, FunctionType)) else ""


@contextmanager
def _noted() -> Iterator[None]:
    before, argv = set(sys.modules), sys.argv
    sys.argv = sys.argv[:1]  # a file that reads the command line would get that of qviz
    try:
        yield
    finally:
        sys.argv = argv
        _brought.extend(name for name in list(sys.modules) if name not in before and _is_users(sys.modules[name]))


def _is_users(module: object) -> bool:
    file = at_rest(module, "__file__")
    return bool(file) and str(file).endswith(".py") and not is_installed(str(file))


def _import_file(path: Path) -> ModuleType:
    path = path.expanduser().absolute()
    if path.is_dir():
        raise QvizError(
            tr("{path} is a folder, not a Python file", path=path),
            tr("Name a function that builds the model from it and returns it, as in file.py:make."),
        )
    if not path.is_file():
        near = difflib.get_close_matches(path.name, _neighbours(path.parent), 1)
        raise QvizError(
            tr("{path} was not found", path=path)
            if path.parent.is_dir()
            else tr("{path}: the folder does not exist", path=path),
            tr("Did you mean {near}?", near=near[0]) if near else tr("Check the path."),
        )
    if path.suffix != ".py":
        raise QvizError(tr("{name} is not a Python file", name=path.name), tr(FORMS))
    dotted = dotted_name(path)[1]
    for folder in folders_of(path):
        make_importable(folder)
    try:
        return _execute(path, dotted)
    except (Exception, SystemExit) as error:  # the user's file may raise anything
        raise import_failure(path.name, error, str(path)) from error


def import_of(name: Name, attribute: str) -> str:
    """Return the statement that imports an attribute of the file or module that defines a name."""
    if not name.is_file:
        return f"from {name.place} import {attribute}"
    root, dotted = dotted_name(Path(name.place).expanduser().absolute())
    lines = ["import sys", f"sys.path.append({str(root)!r})"]
    if all(part.isidentifier() for part in dotted.split(".")):
        return "\n".join([*lines, f"from {dotted} import {attribute}"])
    return "\n".join(["import importlib", *lines, f"{attribute} = importlib.import_module({dotted!r}).{attribute}"])


def _execute(path: Path, dotted: str) -> ModuleType:
    """Import a file under its own name, or under one of ours where another module has that."""
    for name in (dotted, f"qviz_source_{path.stem}"):
        known = sys.modules.get(name)
        if known is not None and _file_of(known) == path.resolve():
            return known
        if known is None and (spec := _spec(path, name)) is not None:
            return _load(spec)
    raise ImportError(f"two modules are named {path.stem}")


def _spec(path: Path, name: str) -> importlib.machinery.ModuleSpec | None:
    if name.startswith("qviz_source_"):
        return importlib.util.spec_from_file_location(name, path, loader=GrantedSource(name, str(path)))
    found = importlib.util.find_spec(name) if all(part.isidentifier() for part in name.split(".")) else None
    is_same = found is not None and found.origin is not None and Path(found.origin).resolve() == path.resolve()
    return found if is_same else None


def _load(spec: importlib.machinery.ModuleSpec) -> ModuleType:
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
    return module


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file else None


def _neighbours(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py")) if folder.is_dir() else []


def _find_importable(dotted: str, folder: Path | None) -> None:
    for place in (folder, Path.cwd()):
        if place is not None and _is_in(dotted, place):
            make_importable(place)


def _found_at(dotted: str) -> Path | None:
    try:
        return module_file(dotted, sys.path)
    except ImportError as error:  # it is one of the user's files, and may not run
        raise import_failure(dotted, error) from error


def _import_module(dotted: str) -> ModuleType:
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        missing = error.name or dotted
        if dotted == missing or dotted.startswith(f"{missing}."):
            raise QvizError(
                tr('Python has no module "{missing}"', missing=missing),
                tr("Install it with qviz[zoo].")
                if missing == "torchvision"
                else tr("Install it beside qviz, or check the spelling."),
            ) from error
        raise import_failure(dotted, error) from error
    except (Exception, SystemExit) as error:  # an imported package may raise anything
        raise import_failure(dotted, error) from error


def _is_in(dotted: str, folder: Path) -> bool:
    """Tell whether a folder has the package or module; the working folder is importable for what is inside alone."""
    first = folder / dotted.split(".", 1)[0]
    return first.is_dir() or first.with_name(f"{first.name}.py").is_file()
