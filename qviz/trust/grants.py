"""What the user allowed to run, and the question whether something is among it."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from qviz.document.graph import Record
from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.sources.text import Name
from qviz.trust.references import NamedBy, targets
from qviz.words import tr
from qviz.words.visible import one_line


class Grant(Record, frozen=True):
    """The user's yes to one target, with exactly these contents.

    Attributes:
        target: What `qviz.trust.references.target_of` wrote.
        origin: Who named the target: plans and documents may name only what a file itself defines.
        files: SHA-256 by path of all that it runs; none where words of the command line are the grant.
    """

    target: str
    origin: NamedBy
    files: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it

    @property
    def key(self) -> str:
        """What stays the same wherever the files are: the contents, and the call that somebody else wrote."""
        file = next((path for path in self.files if self.target.startswith(f"{path}:")), "")
        call = self.target[len(os.path.dirname(file)) :] if file else self.target
        if self.origin is NamedBy.TYPED:
            call = ""  # which name of a file she opens is her own choice
        root = _root(self.files)
        contents = sorted(
            (os.path.relpath(path, root) if root else path, digest) for path, digest in self.files.items()
        )
        if [*self.files] == [self.target] and not self.target.endswith(".py"):
            call, contents = "", [("", self.files[self.target])]
        return hashlib.sha256(repr((call, contents)).encode()).hexdigest()


def _root(paths: Iterable[str]) -> str:
    """Return the folder that holds all files; "" where none does, as on two drives, or where there are none."""
    try:
        return os.path.commonpath([os.path.dirname(each) for each in paths])
    except ValueError:
        return ""


def all_typed(plan: Plan) -> tuple[Grant, ...]:
    """Return grants for all that a plan names, where the user's own program wrote it."""
    return tuple(Grant(target, NamedBy.TYPED) for _, target in targets(plan))


class Permission:
    """All that one request may run.

    Args:
        grants: What the user allowed.
        is_own: It is the user's own program that asks, in her process: all that it names is typed.
    """

    def __init__(self, grants: Iterable[Grant] = (), is_own: bool = False) -> None:
        self.grants = tuple(grants)
        self.is_own = is_own
        self._by_target = {each.target: each for each in self.grants}
        self._files = {path: digest for each in self.grants for path, digest in each.files.items()}
        self._typed_roots: set[str] = set()

    def need(self, target: str) -> Grant:
        """Return the grant of a target.

        Raises:
            QvizError: There is none.
        """
        found = self._by_target.get(target)
        if found is not None:
            return found
        if self.is_own:
            return Grant(target, NamedBy.TYPED)
        raise QvizError(
            tr("{target} was not allowed to run", target=one_line(target)),
            tr("Allow what the plan would run, if you trust its author."),
            option="--trust",
        )

    def trust_folder(self, folder: Path) -> None:
        """Let what a typed reference brings along come from a folder."""
        self._typed_roots.add(str(folder))

    def digest_of(self, path: str) -> str | None:
        """Return the content that a file must have; None where any will do.

        Raises:
            ImportError: It is not among what may run.
        """
        if (digest := self._files.get(path)) is not None:
            return digest
        if self.is_own or any(Path(path).is_relative_to(root) for root in self._typed_roots):
            return None
        raise ImportError(tr("{path} is not among the files that you allowed to run", path=one_line(path)))

    def verify(self, path: str, digest: str) -> None:
        """Refuse a file that holds something else than what was allowed.

        Raises:
            QvizError: It does.
        """
        known = self._files.get(path)
        if known is not None and known != digest:
            raise QvizError(
                tr("{path} has changed since you allowed it to run", path=one_line(path)),
                tr("Open it again to see what it would run now."),
                option="--trust",
            )


OWN = Permission(is_own=True)
NOTHING = Permission()


def refuse_standard_library(target: str, name: Name) -> None:
    """Refuse a module of Python's own library that a file or a document names: no model or data stands there.

    Raises:
        QvizError: It is one.
    """
    if _is_of_python(name.place) if name.is_file else name.place.split(".", 1)[0] in sys.stdlib_module_names:
        raise QvizError(
            tr("{target} is in Python's standard library, which a plan or a document cannot name", target=target),
            tr("Write a function in a file of your own, and name that."),
        )


def _is_of_python(file: str) -> bool:
    import sysconfig

    try:
        path = os.path.realpath(os.path.expanduser(file))
    except ValueError:  # a null character
        return False
    libraries = (os.path.realpath(sysconfig.get_path(key)) + os.sep for key in ("stdlib", "platstdlib"))
    inner = next((path[len(each) :] for each in libraries if path.startswith(each)), "")
    return bool(inner) and inner.split(os.sep, 1)[0] not in ("site-packages", "dist-packages")
