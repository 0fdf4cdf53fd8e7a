"""Looks at where a result shall go before the work begins."""

from __future__ import annotations

from pathlib import Path

from qviz.errors import QvizError
from qviz.words import tr


def check_place(out: Path, suffixes: tuple[str, ...]) -> None:
    """Find out before the work whether its result can be kept.

    Raises:
        QvizError: Another ending, or no such folder.
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
    """Find out before the work whether the folder of a result is there.

    Raises:
        QvizError: It is not.
    """
    if not out.parent.is_dir():
        raise QvizError(
            tr("{out} could not be written: no such folder: {folder}", out=out, folder=out.parent),
            tr("Create it: mkdir -p {folder}", folder=out.parent),
        )
