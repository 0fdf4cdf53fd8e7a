"""Looks at where a result shall go before the work begins."""

from __future__ import annotations

from pathlib import Path

from qviz.document.writing import check_writable
from qviz.errors import QvizError
from qviz.words import tr


def check_place(out: Path, suffixes: tuple[str, ...]) -> None:
    """Find out before the work whether its result can be kept.

    Raises:
        QvizError: Another ending, no such folder, or what is there is read-only.
    """
    if out.suffix not in suffixes:
        raise QvizError(
            tr(
                "{name}: {suffix} is not one of {names}",
                name=out.name,
                suffix=out.suffix or tr("no suffix"),
                names=", ".join(suffixes),
            ),
            tr("For example: -o {out}", out=f"{out.stem or 'out'}{suffixes[0]}"),
        )
    check_folder(out)


def check_folder(out: Path) -> None:
    """Find out before the work whether the folder of a result is there, and lets it be written.

    Raises:
        QvizError: It is not, or does not; or a file of that name is read-only, or none.
    """
    if not out.parent.is_dir():
        raise QvizError(
            tr("{out} could not be written: no such folder: {folder}", out=out, folder=out.parent),
            tr("Create it: mkdir -p {folder}", folder=out.parent),
        )
    check_writable(out)
