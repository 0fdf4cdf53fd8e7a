"""Keeps what the user allowed, by content, and what ran under it, in her state folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
from msgspec.structs import replace

from qviz.document.graph import Record
from qviz.document.held_lock import holding
from qviz.document.regular_files import read_regular
from qviz.document.writing import write_atomically
from qviz.errors import QvizError
from qviz.trust.grants import Grant

MOST_RUNS = 500
_VERSION = 1
_MAX_BYTES = 64 << 20
_PATIENCE_S = 0.5
"""For who changes the file at the same moment; some disks of other machines know no locks."""

_log = logging.getLogger(__name__)


class KeptGrant(Record, frozen=True):
    """A yes of the user's: to what, and when, in seconds of the epoch.

    Attributes:
        place: The command that starts the engine on another machine, whose files these are; "" for this one.
    """

    grant: Grant
    at: float
    place: str = ""


class PastRun(Record, frozen=True):
    """A run of code that somebody else than the command line named: which source, when, under which grants, where."""

    source: str
    at: float
    keys: tuple[str, ...] = ()
    place: str = ""


class GrantBook(Record, frozen=True):
    """What the file holds."""

    version: int = _VERSION
    grants: tuple[KeptGrant, ...] = ()
    runs: tuple[PastRun, ...] = ()


def grants_path() -> Path:
    """Return where the grants are kept."""
    from platformdirs import user_state_path

    return user_state_path("qviz", appauthor=False) / "grants.json"


class KeptGrants:
    """The grants of this user, read anew each time: the window and the command line share them."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file."""
        return self._path or grants_path()

    @property
    def book(self) -> GrantBook:
        """What the file holds; nothing where there is none, or none that can be read."""
        try:
            read = msgspec.json.decode(read_regular(self.path, _MAX_BYTES), type=GrantBook)
        except (QvizError, ValueError, msgspec.DecodeError, RecursionError):
            return GrantBook()
        return read if read.version == _VERSION else GrantBook()

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all grants."""
        return frozenset(each.grant.key for each in self.book.grants)

    def keep(self, grants: tuple[Grant, ...], place: str = "") -> None:
        """Remember grants by their content, and whose files they are; what has no content is asked for each time."""
        new = {each.key: KeptGrant(each, time.time(), place) for each in grants if each.files}
        self._change(lambda book: replace(book, grants=(*_without(book, new), *new.values())))

    def revoke(self, key: str) -> None:
        """Forget a grant: what it allowed is asked for again."""
        self._change(lambda book: replace(book, grants=_without(book, (key,))))

    def revoke_all(self) -> None:
        """Forget all grants."""
        self._change(lambda book: replace(book, grants=()))

    def ran(self, source: str, grants: tuple[Grant, ...], place: str = "") -> None:
        """Note a run under grants, and on which machine."""
        keys = tuple(each.key for each in grants if each.files)
        if keys:
            run = PastRun(source, time.time(), keys, place)
            self._change(lambda book: replace(book, runs=(*book.runs, run)[-MOST_RUNS:]))

    def _change(self, changed: Callable[[GrantBook], GrantBook]) -> None:
        """Write the file anew; no other process does so meanwhile, which would bring back what one of them revokes."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with holding(self.path.with_suffix(".lock"), _PATIENCE_S):
                data = msgspec.json.format(msgspec.json.encode(changed(self.book)), indent=1)
                write_atomically(self.path, data + b"\n", is_private=True)
        except (OSError, QvizError) as error:  # with a read-only home the question comes again
            _log.info("the grants were not kept: %s", error)


def _without(book: GrantBook, keys: Collection[str]) -> tuple[KeptGrant, ...]:
    return tuple(each for each in book.grants if each.grant.key not in keys)
