"""What a plan would run, for the question: each reference with its files, their contents, and what those call."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from qviz.document.plan import is_exported_program
from qviz.document.regular_files import OpenedFile, open_once
from qviz.errors import QvizError
from qviz.sources.candidates import module_file
from qviz.trust.grants import Grant, refuse_standard_library
from qviz.trust.imported import files_beside, files_with, folders_of
from qviz.trust.model_looks import FileLook, look
from qviz.trust.references import CodeRef, NamedBy
from qviz.words import mark, tr, trn
from qviz.words.formats import size
from qviz.words.visible import one_line

MOST_LINES = 24
"""One screen, with the question around it."""
_CALLS = 4
_DIGITS = 12
_HARMLESS_IMPORTS = ("torch._utils._rebuild_", "collections.OrderedDict", "torch.FloatStorage")

USES = {
    "source": mark("the model"),
    "inputs": mark("example inputs"),
    "weights": mark("weights"),
    "calibrate": mark("calibration data"),
    "evaluate": mark("evaluation data"),
    "train": mark("training"),
    "metric": mark("metric"),
    "fuser": mark("fusion"),
    "dynamic_shapes": mark("dynamic shapes"),
    "qconfig": mark("qconfig"),
    "backend_config": mark("backend config"),
    "quantizer": mark("quantizer"),
    "executor": mark("executor"),
    "rules": mark("rules of the qconfig mapping"),
    "custom": mark("custom modules"),
    "quantizer_options": mark("options of the quantizer"),
    "own_rules": mark("finding rules of the project"),
}
_ORIGINS = {
    NamedBy.TYPED: mark("you named it"),
    NamedBy.FILE: mark("a plan or a project's file names it"),
    NamedBy.DOCUMENT: mark("a result names it"),
}


class ListedFile(NamedTuple):
    """A file that would run, with what is told of it before: only of files that hold a model or data."""

    path: str
    digest: str
    size: int
    told: FileLook | None = None


class ListedRef(NamedTuple):
    """A reference with all that would run for it.

    Attributes:
        ref: The reference.
        files: What it runs, the named one first; none where an installed package is meant that cannot be read here.
        is_needed: Whether the user must allow it; words of the command line are their own grant.
        is_allowed: Whether she did before.
    """

    ref: CodeRef
    files: tuple[ListedFile, ...]
    is_needed: bool
    is_allowed: bool = False

    @property
    def grant(self) -> Grant:
        """What a yes allows."""
        files = {each.path: each.digest for each in self.files} if self.is_needed or self.ref.is_data else {}
        return Grant(self.ref.target, self.ref.origin, files)


class Listing(NamedTuple):
    """All that a plan would run.

    Attributes:
        entries: One for each reference.
        place: The command that starts the engine on another machine, which says all of this; "" for this one.
    """

    entries: tuple[ListedRef, ...] = ()
    place: str = ""

    @property
    def asked(self) -> tuple[ListedRef, ...]:
        """What needs a yes."""
        return tuple(each for each in self.entries if each.is_needed and not each.is_allowed)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What a yes to the whole allows."""
        return tuple(each.grant for each in self.entries)

    def allowed(self) -> Listing:
        """Return the listing after a yes to all of it."""
        return self._replace(entries=tuple(each._replace(is_allowed=True) for each in self.entries))

    def knowing(self, allowed: frozenset[str], watched: frozenset[str] = frozenset()) -> Listing:
        """Return the listing with nothing to ask for what was allowed before.

        Args:
            allowed: The keys of grants.
            watched: Targets that were allowed whatever their files hold by now.
        """

        def is_allowed(entry: ListedRef) -> bool:
            return entry.ref.target in watched or (bool(entry.files) and entry.grant.key in allowed)

        return self._replace(entries=tuple(each._replace(is_allowed=is_allowed(each)) for each in self.entries))


def list_all(refs: tuple[CodeRef, ...], installed: Sequence[str] = (), asked: Collection[str] = ()) -> Listing:
    """Return what references would run; looks into files, runs nothing.

    Args:
        refs: Those of a plan.
        installed: Where the engine's interpreter has its packages; nowhere if that is not known here.
        asked: Targets that need a yes though the user named them, as what she opened in the window.

    Raises:
        QvizError: A file that must be granted by its content is not there, or none may ever be.
    """
    return Listing(tuple(_listed(each, installed, each.target in asked) for each in refs))


def _listed(ref: CodeRef, installed: Sequence[str], is_asked_anyway: bool) -> ListedRef:
    if ref.is_data:
        return _data(ref)
    if ref.is_whole:
        return ListedRef(ref, _whole(Path(ref.target), installed), True)
    is_needed = is_asked_anyway or ref.origin is not NamedBy.TYPED
    try:
        name = ref.name
    except QvizError:
        return ListedRef(ref, (), is_needed)  # the engine says what is wrong with it
    if not is_needed:
        return ListedRef(ref, (), False)
    if ref.origin is not NamedBy.TYPED:
        refuse_standard_library(ref.target, name)
    own = ref.folder or os.getcwd()
    others = [each for each in installed if each not in ("", own)]
    # Python looks among its packages first: a file of the same name beside the model is not what would run
    found = None if name.is_file else module_file(name.place, others)
    if found is not None:
        return ListedRef(ref, (_plain(found),), True)
    file = Path(name.place) if name.is_file else module_file(name.place, [own])
    return ListedRef(ref, tuple(map(_plain, files_with(file, folders_of(file)))) if file is not None else (), True)


def _whole(path: Path, installed: Sequence[str]) -> tuple[ListedFile, ...]:
    """List a file that holds a model, and the Python files beside it that its pickles import from."""
    told = _told(open_once(path))
    modules = told.told.modules if told.told is not None and not is_exported_program(path.name) else ()
    return (told, *map(_plain, files_beside(path, modules, installed)))


def _data(ref: CodeRef) -> ListedRef:
    """List a file of tensors; only a pickle of which that cannot be seen needs a yes."""
    if not ref.target.endswith(".pt"):
        return ListedRef(ref, (), False)
    try:
        told = _told(open_once(Path(ref.target)))
    except QvizError:
        return ListedRef(ref, (), False)  # the engine says that it is not there
    return ListedRef(ref, (told,), told.told is None or not told.told.is_tensors)


def _told(content: OpenedFile) -> ListedFile:
    return ListedFile(str(content.path), content.digest, content.size, look(content))


def _plain(path: Path) -> ListedFile:
    content = open_once(path)
    return ListedFile(str(path), content.digest, content.size)


def lines(listing: Listing, most: int = MOST_LINES) -> tuple[str, ...]:
    """Return what needs a yes, in at most so many lines; control characters are written out."""
    rows = [row for each in listing.asked for row in _rows(each)]
    if listing.place and rows:
        place = one_line(listing.place)
        rows.insert(0, tr("on the machine of {command}, which reported the files and hashes", command=place))
    if len(rows) <= most:
        return tuple(rows)
    return (*rows[: most - 1], trn(len(rows) - most + 1, "and {count} more line", "and {count} more lines"))


def _rows(entry: ListedRef) -> Iterator[str]:
    ref = entry.ref
    yield tr(
        "{target}: {use}; {origin}", target=_shown(ref.target), use=tr(USES[ref.use]), origin=tr(_ORIGINS[ref.origin])
    )
    if not entry.files:
        yield "    " + tr("from an installed package")
    for each in entry.files:
        known = {"path": _shown(each.path), "size": size(each.size), "digest": each.digest[:_DIGITS]}
        yield "    " + tr("{path}, {size}, SHA-256 {digest}…", **known)
        if each.told is not None:
            yield from (f"        {row}" for row in _of_look(each.told))


def _of_look(told: FileLook) -> Iterator[str]:
    calls = [each for each in told.calls if not each.startswith(_HARMLESS_IMPORTS)]
    for each in calls[:_CALLS]:
        yield tr("calls {call}", call=one_line(each))
    if len(calls) > _CALLS:
        yield trn(len(calls) - _CALLS, "and {count} more call", "and {count} more calls")
    imports = [each for each in told.imports if not each.startswith(_HARMLESS_IMPORTS)]
    if imports and not calls:
        yield tr("imports {names}", names=one_line(", ".join(imports[:_CALLS])))
    for each in told.compiled[:_CALLS]:
        yield tr("holds machine code: {name}", name=one_line(each))
    if told.operators:
        count = trn(len(told.operators), "{count} operator", "{count} operators")
        inputs = one_line("; ".join(told.inputs)) or "–"
        yield tr("an exported graph: {operators}; inputs {inputs}", operators=count, inputs=inputs)
    for each in told.trouble[:_CALLS]:
        yield tr("not understood: {what}", what=one_line(each))


def _shown(target: str) -> str:
    """Return a target or path as it is shown: below the working folder without that."""
    here = os.getcwd() + os.sep
    return one_line(target.removeprefix(here))
