"""Looks at where a result shall go before the work begins."""

from __future__ import annotations

from pathlib import Path

from qviz.errors import QvizError


def check_place(out: Path, suffixes: tuple[str, ...]) -> None:
    """Find out before the work whether its result can be kept.

    Raises:
        QvizError: Another ending, or no such folder.
    """
    if out.suffix not in suffixes:
        raise QvizError(
            f"{out.name}: {out.suffix or 'no ending'} is not one of {', '.join(suffixes)}",
            f"For example: -o {out.stem or 'out'}{suffixes[0]}",
        )
    check_folder(out)


def check_folder(out: Path) -> None:
    """Find out before the work whether the folder of a result is there.

    Raises:
        QvizError: It is not.
    """
    if not out.parent.is_dir():
        raise QvizError(f"{out} could not be written: there is no folder {out.parent}", f"mkdir -p {out.parent}")
