"""Makes the user's folders importable, for her own code alone, and only what may run.

Python asks path hooks how the modules of a folder of ``sys.path`` are found. For the folders added here the answer is
a finder that looks at who imports: torch, which tries optional packages, does not find a ``z3.py`` that stands beside
a model. What it finds is read once; where the user's yes was for a content, only that content is executed.
"""

from __future__ import annotations

import importlib
import site
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType

from qviz.document.regular_files import open_once
from qviz.engine.loading.broker import at_work
from qviz.errors import QvizError

_INSTALLED = tuple(
    {
        *(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        *(each for each in sys.path if Path(each).name in ("site-packages", "dist-packages")),
        str(Path(__file__).parents[2]),
    }
)
"""What is nobody's own folder, wherever it stands: Python, its packages, qviz. A name alone makes no folder one."""

_AT_START = frozenset(sys.path)
_guarded: set[str] = set()
_added: list[str] = []
_PASSED_ON = (
    "<frozen importlib",
    "importlib/",
    "importlib\\",
    "pickle.py",
    "runpy.py",
    "pkgutil.py",
    "serialization.py",
    "sources/candidates.py",
)
"""Files whose frames import for somebody else."""
_TORCHS = frozenset(
    {
        "torch",
        "torchgen",
        "functorch",
        "torchvision",
        "torchao",
        "numpy",
        "sympy",
        "mpmath",
        "networkx",
        "triton",
        "jinja2",
        "fsspec",
        "msgspec",
        "qviz",
    }
)
"""Packages that try optional imports of their own while the user's code waits."""


class GrantedSource(SourceFileLoader):
    """Executes a file from the bytes that were looked at, never from compiled code that lies about."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of what the file holds now.

        Raises:
            ImportError: It is not what the user allowed.
        """
        return self.source_to_code(self.get_data(self.path), self.path)

    def get_data(self, path: str) -> bytes:
        """Return what a file holds, if it may run.

        Raises:
            ImportError: It may not.
        """
        at_work().digest_of(path)
        content = open_once(Path(path))
        try:
            at_work().verify(path, content.digest)
        except QvizError as error:
            raise ImportError(error.message) from error
        return content.read()


class _GuardedFinder(FileFinder):
    """Finds modules in one of the user's folders."""

    def __init__(self, path: str, is_users_path: bool) -> None:
        super().__init__(path, (GrantedSource, [".py"]), (ExtensionFileLoader, EXTENSION_SUFFIXES))
        self._is_users_path = is_users_path

    def find_spec(self, fullname: str, target: object = None) -> ModuleSpec | None:
        """Return what is there, if the user's own code asks for it.

        Raises:
            ImportError: It is there, and may not run.
        """
        found = super().find_spec(fullname, target)  # type: ignore[arg-type]
        if found is None or found.origin is None:
            return found
        if not self._is_users_path and not _user_asks(sys._getframe(1)):  # noqa: SLF001 - who imports
            return None
        if not (self._is_users_path and found.origin.endswith(".py")):
            at_work().digest_of(found.origin)
        return found


def make_importable(folder: Path) -> None:
    """Let the user's code import from a folder; last, so that a file of hers never hides the standard library."""
    text = str(folder)
    if text not in _guarded:
        _guarded.add(text)
        for known in [each for each in sys.path_importer_cache if is_in_guarded(each)]:
            del sys.path_importer_cache[known]
        if _hook not in sys.path_hooks:
            sys.path_hooks.insert(0, _hook)
    if text not in sys.path:
        sys.path.append(text)
        _added.append(text)


def at_rest(module: object, name: str) -> object:
    """Return what a module has under a name already; a lazy one would import what it stands for if it were asked."""
    return getattr(module, "__dict__", {}).get(name)


def forget_folders() -> None:
    """Take away the folders of the source before, and what was imported from them, however late."""
    for name, module in [*sys.modules.items()]:
        if isinstance(at_rest(module, "__loader__"), GrantedSource):
            del sys.modules[name]
    for each in _added:
        if each in sys.path:
            sys.path.remove(each)
    for each in [path for path, finder in sys.path_importer_cache.items() if isinstance(finder, _GuardedFinder)]:
        del sys.path_importer_cache[each]
    _added.clear()
    _guarded.clear()
    importlib.invalidate_caches()


def is_in_guarded(path: str) -> bool:
    """Tell whether a path is in one of the user's folders, and not among installed packages."""
    return _root_of(path) is not None


def is_installed(path: str) -> bool:
    """Tell whether a path belongs to Python, to its packages or to qviz."""
    return any(_is_below(path, each) for each in _INSTALLED)


def _root_of(path: str) -> str | None:
    return None if is_installed(path) else next((each for each in _guarded if _is_below(path, each)), None)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith((f"{folder}/", f"{folder}\\"))


def _hook(path: str) -> FileFinder:
    root = _root_of(path)
    if root is None:
        raise ImportError
    return _GuardedFinder(path, root in _AT_START)


def _user_asks(frame: FrameType | None) -> bool:
    """Tell whether the user's code imports: itself, or by way of a package that is not torch's."""
    nearest = ""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.endswith("qviz/engine/loading/importing.py") or is_in_guarded(file):
            return not nearest or nearest not in _TORCHS
        if not nearest and not any(each in file for each in _PASSED_ON) and not file.startswith("<"):
            nearest = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        frame = frame.f_back
    return False
