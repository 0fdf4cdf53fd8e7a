"""Keeps what a run has reached in a file beside its result, for the day on which the command is killed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

from qviz.cli.saying import say
from qviz.document.codec import save
from qviz.document.snapshot import Snapshot
from qviz.errors import QvizError
from qviz.words import tr


class Unfinished:
    """A file that is written at every stage, and is gone once the result is written.

    It is plain JSON: compressing a large graph at each stage would take longer than the stage.

    Attributes:
        path: ``review.unfinished.json`` beside ``review.qviz``.

    Args:
        out: Where the result will be.
    """

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f"{out.stem}.unfinished.json")
        self._is_written = False

    def __enter__(self) -> Unfinished:
        return self

    def keep(self, snapshot: Snapshot) -> None:
        """Write what the run has reached; a disk that does not take it stops no run."""
        with contextlib.suppress(QvizError):
            save(snapshot, self.path)
            self._is_written = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_written:
            return
        if kind is None:
            self.path.unlink(missing_ok=True)
        else:
            say(tr("The stages that the run reached are in {file}.", file=self.path), err=True)
