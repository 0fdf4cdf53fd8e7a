"""Reads which finding rules of their own a user's project lists; imports nothing of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from qviz.document.regular_files import read_regular
from qviz.document.toml_text import decoded
from qviz.errors import QvizError
from qviz.sources.kinds import code_file, kind_of

_MAX_BYTES = 1 << 20


class ListedRules(NamedTuple):
    """The rules of a project.

    Attributes:
        file: The ``pyproject.toml`` that lists them.
        targets: Each as ``package.module:rule`` or ``file.py:rule``.
        fault: What is wrong with the list, which is empty then.
    """

    file: Path
    targets: tuple[str, ...]
    fault: str = ""


def listed_rules(source: str) -> ListedRules | None:
    """Return what ``rules`` of ``[tool.qviz]`` lists in the project of a source; None where nothing is listed.

    The project is the nearest ``pyproject.toml`` above the source's file, else the one above the working folder.
    Samples have none.
    """
    if kind_of(source).is_shipped:
        return None
    file = code_file(source)
    places = [Path.cwd()] if file is None else [Path(os.path.abspath(os.path.expanduser(file))).parent, Path.cwd()]
    found = next((each for place in places if (each := _nearest(place)) is not None), None)
    return _read(found) if found is not None else None


def _nearest(folder: Path) -> Path | None:
    return next((each for place in (folder, *folder.parents) if os.path.isfile(each := place / "pyproject.toml")), None)


def _read(file: Path) -> ListedRules | None:
    try:
        settings = decoded(read_regular(file, _MAX_BYTES).decode()).get("tool", {}).get("qviz", {})
        targets = msgspec.convert(settings.get("rules", []), tuple[str, ...])
    except QvizError as error:
        return ListedRules(file, (), error.message)
    except (AttributeError, ValueError, RecursionError) as error:  # not TOML, or something else of that name
        return ListedRules(file, (), str(error))
    return ListedRules(file, targets) if targets else None
