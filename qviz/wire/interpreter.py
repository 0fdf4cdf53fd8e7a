"""Chooses the Python that the engine runs in: this one, or that of the user's project, with her packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import joined

VARIABLE = "QVIZ_PYTHON"
TORCH = "2.8."
_PROBE_SECONDS = 60
_PROBE = """
import sys
sys.path[:1] == [''] and sys.path.pop(0)
import importlib.metadata, json
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
print(json.dumps([list(sys.version_info[:2]), version("torch"), version("msgspec")]))
"""
"""Imports neither: torch alone takes seconds."""
_BOOT = """
import importlib.util, sys
sys.path[:1] == [''] and sys.path.pop(0)
spec = importlib.util.spec_from_file_location("qviz", {init!r}, submodule_search_locations=[{folder!r}])
sys.modules["qviz"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["qviz"])
"""
"""Brings qviz along and nothing that stands beside it: its torch must not hide the project's."""


def chosen(python: str | None = None) -> str:
    """Return the interpreter of the engine: `python`, else that of ``QVIZ_PYTHON``, else this one."""
    return python or os.environ.get(VARIABLE) or sys.executable


def is_foreign(python: str) -> bool:
    """Tell whether an interpreter is another than this one; two environments may share one binary."""
    return os.path.abspath(python) != os.path.abspath(sys.executable)


def foreign_boot() -> str:
    """Return the program that starts an engine in an interpreter without qviz."""
    return with_qviz("from qviz.engine.__main__ import main; main()")


def with_qviz(program: str) -> str:
    """Return a program with this qviz brought along, for an interpreter without it."""
    folder = Path(__file__).resolve().parents[1]
    return _BOOT.format(init=str(folder / "__init__.py"), folder=str(folder)) + program


def check(python: str) -> str:
    """Return the full path of an interpreter that can be an engine.

    Raises:
        QvizError: There is none, or it lacks something; the hint is the command that mends it.
    """
    path = shutil.which(os.path.expanduser(python))
    if path is None:
        raise QvizError(
            tr("{python} is not a Python interpreter", python=python),
            tr("Name the interpreter, such as .venv/bin/python."),
        )
    path = os.path.abspath(path)
    try:
        answer = subprocess.run([path, "-c", _PROBE], capture_output=True, timeout=_PROBE_SECONDS, check=False)
        version, torch, msgspec = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise QvizError(
            tr("{python} is not a Python interpreter that runs", python=python),
            tr("Name the interpreter, such as .venv/bin/python."),
        ) from error
    if tuple(version) < (3, 10):
        raise QvizError(
            tr("{python} is Python {version}", python=python, version=".".join(map(str, version))),
            tr("The engine needs Python 3.10 or newer."),
        )
    has_torch = bool(torch) and torch.startswith(TORCH)
    lacking, packages = [], []
    if not has_torch:
        lacking.append(tr("torch {version}, not 2.8", version=torch) if torch else tr("no torch"))
        packages.append('"torch==2.8.0"')
    if not msgspec:
        lacking.append(tr("no msgspec"))
        packages.append("msgspec")
    if lacking:
        raise QvizError(
            tr("{python} has {names}", python=python, names=joined(lacking)),
            tr("{path} -m pip install {names}", path=path, names=" ".join(packages)),
        )
    return path
