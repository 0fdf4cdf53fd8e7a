"""Reads SOURCE and ``mod:callable`` texts, and imports what they name."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from qviz.assets import asset
from qviz.document.samples import SAMPLES, sample
from qviz.errors import QvizError

FORMS = "SOURCE is file.py:name, package.module:name, sample:NAME, a .qviz or a .json."


class Name(NamedTuple):
    """Something importable: a file or a dotted module, a name in it, arguments if it is to be called."""

    place: str
    attribute: str
    arguments: dict[str, Any] | None
    is_file: bool


def read_name(text: str) -> Name:
    """Take ``file.py:make(depth=18)`` or ``package.module:name`` apart.

    Raises:
        QvizError: It is none of the forms; the hint lists them.
    """
    if text.startswith("sample:"):
        return _sample_name(text)
    if Path(text).suffix in (".pt", ".pt2"):
        raise QvizError(f"{text}: this version of qviz does not open {Path(text).suffix} files", FORMS)
    before_call = text.split("(", 1)[0]
    place, colon, _ = before_call.rpartition(":")
    if not colon or len(place) == 1:
        place, attribute = text, ""
    else:
        attribute = text[len(place) + 1 :]
    is_file = place.endswith(".py") or "/" in place or "\\" in place
    if not attribute and not is_file:
        raise QvizError(f"{text!r} names no model", FORMS)
    attribute, arguments = _read_call(attribute, text)
    return Name(place, attribute, arguments, is_file)


def _sample_name(text: str) -> Name:
    found = sample(text.removeprefix("sample:"))
    if found is None:
        names = [each.name for each in SAMPLES]
        near = difflib.get_close_matches(text.removeprefix("sample:"), names, 1)
        hint = f"Did you mean sample:{near[0]}?" if near else f"There are: {', '.join(names)}."
        raise QvizError(f"there is no {text}", hint)
    return Name(str(asset(f"samples/{found.file}")), "model", None, True)


def _read_call(attribute: str, text: str) -> tuple[str, dict[str, Any] | None]:
    if "(" not in attribute:
        return attribute, None
    try:
        call = ast.parse(attribute, mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            raise ValueError("not a call with keyword arguments")
        return call.func.id, {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise QvizError(
            f"{text!r} could not be read: {error}", "Arguments are keyword=literal, as in file.py:make(depth=18)."
        ) from error


def import_place(name: Name) -> ModuleType:
    """Import the file or module that a name stands in.

    Raises:
        QvizError: Not found, or it fails while it is imported; then the line is named.
    """
    return _import_file(Path(name.place)) if name.is_file else _import_module(name.place)


def _import_file(path: Path) -> ModuleType:
    path = path.expanduser().absolute()
    if not path.is_file():
        near = difflib.get_close_matches(path.name, _neighbours(path.parent), 1)
        raise QvizError(
            f"{path} was not found" if path.parent.is_dir() else f"{path}: its folder was not found",
            f"Did you mean {near[0]}?" if near else "Check the path.",
        )
    if path.suffix != ".py":
        raise QvizError(f"{path.name} is not a Python file", FORMS)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # last, so that a file of the user's never hides the standard library
    spec = importlib.util.spec_from_file_location(f"qviz_source_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise QvizError(f"{path} could not be imported", "Check that it is a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the user's file may raise anything
        raise _import_failure(path.name, error, str(path)) from error
    return module


def _neighbours(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py")) if folder.is_dir() else []


def _import_module(dotted: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        missing = error.name or dotted
        if dotted == missing or dotted.startswith(f"{missing}."):
            hint = "Install it beside qviz" + (
                ": qviz[zoo]." if missing == "torchvision" else ", or check the spelling."
            )
            raise QvizError(f"there is no module {missing!r}", hint) from error
        raise _import_failure(dotted, error) from error
    except Exception as error:  # an imported package may raise anything
        raise _import_failure(dotted, error) from error


def _import_failure(name: str, error: Exception, file: str | None = None) -> QvizError:
    line: int | None = error.lineno if isinstance(error, SyntaxError) else None
    where = error.filename if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file or (file is None and "importlib" not in frame.filename):
            where, line = frame.filename, frame.lineno
    at = f" at {where}:{line}" if where and line else ""
    hint = f"Mend the import, or install {error.name!r} beside qviz." if isinstance(error, ImportError) else "Mend it."
    return QvizError(f"{name} could not be imported: {type(error).__name__}: {error}{at}", hint)


def look_up(module: ModuleType, name: Name, candidates: list[str], what: str) -> Any:
    """Return the named attribute of an imported place.

    Raises:
        QvizError: There is none; the hint suggests the nearest name, or what there is.
    """
    if name.attribute and hasattr(module, name.attribute):
        return getattr(module, name.attribute)
    near = difflib.get_close_matches(name.attribute, [*candidates, *vars(module)], 1) if name.attribute else []
    if near:
        hint = f"Did you mean {near[0]}?"
    else:
        hint = f"There are: {', '.join(candidates)}." if candidates else f"It holds no {what}."
    there = f"has no {name.attribute!r}" if name.attribute else f"needs the name of a {what}, as in {name.place}:name"
    raise QvizError(f"{name.place} {there}", hint)
