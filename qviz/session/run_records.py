"""What stands on disk beside the result of a run, and of a window: JSON with a version, checked when it is read."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from qviz.document.graph import NodeId, Number, Record
from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark, StageName

RECORD_VERSION = 1
MAX_RECORD_BYTES = 64 << 20
"""Of a record; its bookmarks hold what the user wrote."""


class RunFigures(Record, frozen=True):
    """What came of a run, as its row in the list says.

    Attributes:
        ended: When, in seconds since 1970; 0 where nobody knows.
        seconds: How long it took; None where it was opened from a file.
        sqnr_db: Of the output; None where it was not measured.
        bytes_after: Size of the quantized model's state; None where it was not measured.
        findings: How many.
        stopped_at: The step at which it stopped; "" of a run that came to its end.
        nodes: Of all stages.
        is_canceled: Whether the user ended it.
    """

    ended: float = 0.0
    seconds: float | None = None
    sqnr_db: Number | None = None
    bytes_after: int | None = None
    findings: int = 0
    stopped_at: str = ""
    nodes: int = 0
    is_canceled: bool = False


NO_FIGURES = RunFigures()
"""Of a run of which nobody knows what came of it."""


class RunRecord(Record, frozen=True):
    """One kept run; its result is a document of its own, beside it or wherever it was opened from.

    Attributes:
        key: Names its files.
        origin: The source, the same from whichever folder; of a result that was opened, its path.
        content: What the file of the origin held: a hash; "" where it names none.
        number: In its list.
        plan: That it was made with.
        before: The plan of the run before it; None for the first.
        own_name: What the user calls it; "" for none.
        is_pinned: Whether it stays, however many there are.
        is_deleted: Whether the user deleted it; it goes when nothing can bring it back any more.
        is_of_file: Whether the result is the file `origin` itself.
        is_at_work: Whether the run was at work when this was written; what it came to nobody has noted yet.
        has_new_content: Whether the model's file changed since the run before.
        figures: What came of it.
        bookmarks: What the user marked.
    """

    format: Literal["qviz-run"]
    version: int
    key: str
    origin: str
    content: str
    number: int
    plan: Plan
    before: Plan | None = None
    own_name: str = ""
    is_pinned: bool = False
    is_deleted: bool = False
    is_of_file: bool = False
    is_at_work: bool = False
    has_new_content: bool = False
    figures: RunFigures = RunFigures()
    bookmarks: tuple[Bookmark, ...] = ()


class SessionRecord(Record, frozen=True):
    """What a window shows.

    Attributes:
        saved: When, in seconds since 1970.
        origin: As that of its runs.
        plan: As it is edited.
        keys: Of the runs in its list, which no other window may remove.
        a: The key of the run in pane A; "" for none.
        b: The same of pane B.
        left: The stage in pane A, by its name in its own run.
        right: The same of pane B.
        is_left_selected: Whether `selected` is in pane A.
        selected: The node that is selected; "" for none.
        overlay: What is laid over the stages.
        is_left: Whether the user went back to the first page.
    """

    format: Literal["qviz-session"]
    version: int
    saved: float
    origin: str = ""
    plan: Plan | None = None
    keys: tuple[str, ...] = ()
    a: str = ""
    b: str = ""
    left: StageName | None = None
    right: StageName | None = None
    is_left_selected: bool = False
    selected: NodeId = ""
    overlay: str = ""
    is_left: bool = False


R = TypeVar("R", RunRecord, SessionRecord)


class _RecordHead(msgspec.Struct):
    version: int = 0


def encoded(record: RunRecord | SessionRecord) -> bytes:
    """Return the bytes of a record."""
    return msgspec.json.encode(record) + b"\n"


def decoded(data: bytes, type_: type[R]) -> R | None:
    """Return the record that `data` holds; None where it is damaged."""
    try:
        return msgspec.json.decode(data, type=type_)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def is_newer(data: bytes) -> bool:
    """Tell whether a newer qviz wrote a record: this one neither reads nor removes it."""
    try:
        return msgspec.json.decode(data, type=_RecordHead).version > RECORD_VERSION
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
