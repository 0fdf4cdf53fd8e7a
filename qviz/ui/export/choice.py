"""What the user chose to export, and the picture that it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from qviz.analysis.overlays import IN_PICTURES
from qviz.analysis.views.folding import unfold_all
from qviz.document.graph import NodeId
from qviz.document.snapshot import Snapshot, StageName
from qviz.session.laid_over import OverlayChoice
from qviz.session.scopes import Scope
from qviz.ui.export.look import PictureLook
from qviz.ui.export.pane import ShownPane
from qviz.ui.export.picture import Picture
from qviz.words.untrusted import Untrusted

Area: TypeAlias = Literal["screen", "whole", "around", "changes"]

ENGINE = "graphlay"
"""The layout of the window, not that of graphviz: what is placed anew looks like what is on the screen."""
FLAGGED = (*IN_PICTURES, "findings")


class InView(NamedTuple):
    """What the window shows, from which an export starts.

    Attributes:
        snapshot: The result.
        panes: The stages in view from left to right.
        selected: The selected node and what it is in the other pane.
        show: What the colors mean.
        title: What the result is called.
    """

    snapshot: Snapshot
    panes: Mapping[StageName, ShownPane]
    selected: tuple[NodeId, ...]
    show: OverlayChoice
    title: str

    @property
    def has_numbers(self) -> bool:
        """Whether the error of each quantizer is known."""
        measured = self.snapshot.measurements
        return measured is not None and measured.ledger is not None

    @property
    def has_several_stages(self) -> bool:
        """Whether something can have changed."""
        return len(self.snapshot.stages) > 1


class ExportChoice(NamedTuple):
    """What is exported and how it looks.

    Attributes:
        area: Which part of the graphs.
        stages: Their names, in the order of the run.
        hops: How far around the selection.
        ending: The format.
        show: What the colors mean.
        has_findings: Whether flags stand at what findings speak of.
        look: The rest.
    """

    area: Area
    stages: tuple[StageName, ...]
    hops: int = 2
    ending: str = ".png"
    show: OverlayChoice = OverlayChoice.ROLES
    has_findings: bool = False
    look: PictureLook = PictureLook()

    @property
    def name(self) -> str:
        """A name for the file, made of the stages; its beginning is the title's."""
        return "-".join((*self.stages, *([self.show.value] if self.show is not OverlayChoice.ROLES else ())))


def choice_of(screen: InView, theme: str, is_around: bool = False) -> ExportChoice:
    """Return what is on the screen, as it is, or what is around the selection.

    Where nothing is placed yet, it is the last stage.
    """
    look = PictureLook(theme, scale=2)
    if not screen.panes:
        return ExportChoice("whole", (screen.snapshot.stages[-1].name,), look=look)
    look = look._replace(has_labels=any(pane.scene.rows > 1 for pane in screen.panes.values()))
    area: Area = "around" if is_around and screen.selected else "screen"
    return ExportChoice(area, tuple(screen.panes), show=screen.show, look=look)


def picture_of(choice: ExportChoice, screen: InView) -> Picture:
    """Return the picture of a choice; without a stage it has none.

    Raises:
        QvizError: Nothing is in it.
    """
    has_numbers = choice.show is OverlayChoice.NUMBERS
    overlays = FLAGGED if choice.has_findings else IN_PICTURES
    look = choice.look._replace(overlays=overlays, has_numbers=has_numbers)
    scope = Scope(shows_changes=choice.show is OverlayChoice.CHANGES)
    if choice.area == "around":
        scope = scope._replace(around=screen.selected, hops=choice.hops)
    elif choice.area == "changes":
        scope = scope._replace(is_changes=True)
    is_screen = choice.area == "screen"
    # What is written into the boxes makes them wider: unless it is on the screen, boxes are placed anew.
    is_wider = look.has_source or (has_numbers and screen.show is not OverlayChoice.NUMBERS)
    shown = screen.panes if is_screen and not is_wider else {}
    folds = {name: each.folds for name, each in screen.panes.items() if each.folds is not None} if is_screen else {}
    if choice.area == "whole":
        wanted = (screen.snapshot.stage(name) for name in choice.stages)
        opened = {stage.name: unfold_all(stage.whole, plumbing=False) for stage in wanted}
        folds = {name: replace(each, has_seams=False) for name, each in opened.items()}  # seams would hide some of it
    return Picture(
        screen.snapshot,
        choice.stages,
        look,
        scope=scope,
        engine=ENGINE,
        folds=folds,
        title=screen.title,
        screen=shown,
    )


def file_name(title: str, choice: ExportChoice) -> str:
    """Return a name for the file: ``resnet18-converted.png``."""
    plain = "-".join(_plain((re.split(r"[:/\\\\]", title)[-1], choice.name)))
    return f"{Untrusted(plain).file_name}{choice.ending}"


def _plain(texts: Iterable[str]) -> list[str]:
    """Return texts with nothing in them that a file system or a shell would mind."""
    return [plain for text in texts if (plain := re.sub(r"[^\w.]+", "-", text).strip("-."))]
