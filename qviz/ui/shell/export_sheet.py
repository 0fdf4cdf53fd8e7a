"""The dialog that exports: the choices, the preview, what the file will be; then Save or Copy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QImage, QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from qviz.errors import QvizError
from qviz.ui.export import keep, write
from qviz.ui.export.choice import InView, choice_of
from qviz.ui.export.drafts import Draft, Drafts, Small
from qviz.ui.export.formats import PICTURE_FORMATS
from qviz.ui.export.png import image, pixels
from qviz.ui.panels.widgets import button, explained, file_filter, label, line
from qviz.ui.shell.export_form import ExportForm, counted
from qviz.ui.shell.export_preview import Preview
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr, trn
from qviz.words.formats import grouped, joined, size

SHARE = 0.92
"""Of the window, which the dialog takes at most."""
LARGEST = (1220, 860)
SOON = 30
"""Milliseconds after a choice until it is drawn: several in a row are drawn once."""


_HINTS = {
    ".svg": mark("Text stays text, at every size."),
    ".pdf": mark("One page; text stays text."),
    ".dot": mark("Graphviz places the boxes itself."),
    ".md": mark("The report has the picture, a summary, the findings, the noise, the configuration, and Python."),
}


class ExportSheet(QDialog):
    """Exports what is on the screen, or another part of it.

    Args:
        screen: What is on the screen.
        theme: Of the window; the picture begins with it, too.
        parent: The window, or a part of it.
        is_around: Whether to begin with what is around the selection.

    Signals:
        saved: The path of what was written.
        copied: The names of the stages whose picture is on the clipboard.
    """

    saved = Signal(str)
    copied = Signal(str)

    def __init__(self, screen: InView, theme: Theme, parent: QWidget, is_around: bool = False) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        room = parent.window().size() * SHARE
        self.resize(min(room.width(), LARGEST[0]), min(room.height(), LARGEST[1]))
        self.form = ExportForm(screen, choice_of(screen, theme.name, is_around))
        self.preview = Preview(theme)
        self.drafts = Drafts(self, screen)
        self.ready: Mapping[str, bytes] | None = None
        self._draft: Draft | None = None
        self._screen = screen
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self.refresh)
        self.facts, self.hint = label(""), label("", "muted", wraps=True)
        self.fit, self.full = self._make_zoom()
        self.cancel = button(tr("Cancel"), on_click=self.close)
        self.copy = button(tr("Copy"), on_click=self.copy_picture)
        self.save = button(tr("Save…"), "primary", on_click=self.save_file)
        self.save.setDefault(True)
        self._left = QScrollArea()
        self._arrange()
        self._connect()
        self._count_areas()
        self.refresh()

    def _connect(self) -> None:
        self.form.changed.connect(self.on_form_changed)
        self.preview.page.resized.connect(self.on_page_resized)
        self.drafts.placed.connect(self.on_drafts_placed)
        self.drafts.drawn.connect(self.on_drafts_drawn)
        self.drafts.encoded.connect(self.on_drafts_encoded)
        self.drafts.failed.connect(self.on_drafts_failed)

    def _make_zoom(self) -> tuple[QPushButton, QPushButton]:
        page = self.preview.page
        fit = button(tr("Fit"), on_click=lambda: page.set_full(False))
        full = button(tr("100 %"), on_click=lambda: page.set_full(True))
        for each in (fit, full):
            each.setAutoDefault(False)
        return fit, full

    def _arrange(self) -> None:
        self.cancel.setAutoDefault(False)
        self.copy.setAutoDefault(False)
        left = self._left
        left.setWidget(self.form)
        left.setWidgetResizable(True)
        left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        ground = QFrame()
        ground.setProperty("role", "sunken")
        shown = QVBoxLayout(ground)
        shown.setContentsMargins(0, 0, 0, 0)
        shown.setSpacing(0)
        shown.addWidget(self.preview, 1)
        zoom = QHBoxLayout()
        zoom.setContentsMargins(12, 6, 12, 6)
        zoom.setSpacing(6)
        zoom.addStretch(1)
        zoom.addWidget(self.fit)
        zoom.addWidget(self.full)
        shown.addLayout(zoom)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(left)
        middle.addWidget(ground, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.setSpacing(8)
        foot.addWidget(self.facts)
        foot.addWidget(self.hint, 1)
        for each in (self.cancel, self.copy, self.save):
            foot.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(line())
        column.addLayout(foot)

    def _count_areas(self) -> None:
        boxes = sum(len(pane.scene.view.boxes) for pane in self._screen.panes.values())
        self.form.count("screen", trn(boxes, "{count} box", "{count} boxes"))
        chosen = self.form.choice().stages
        nodes = sum(len(stage.whole.nodes) for stage in self._screen.snapshot.stages if stage.name in chosen)
        self.form.count("whole", counted(nodes))

    def refresh(self) -> None:
        """Begin to draw what is chosen."""
        self.ready, self._draft = None, None
        self.save.setEnabled(False)
        self.copy.setEnabled(False)
        self.facts.setText(tr("Drawing…"))
        self.drafts.ask(self.form.choice())

    def on_form_changed(self) -> None:
        """Draw it soon."""
        self._count_areas()
        self._soon.start()

    def on_page_resized(self) -> None:
        """Draw it for the room that there is now."""
        self.drafts.draw(self.preview.page.room, self.devicePixelRatioF())

    def on_drafts_placed(self, draft: Draft) -> None:
        """Show what is placed, and have it drawn."""
        self._draft = draft
        self.form.show_name(draft.name)
        if draft.choice.area in ("around", "changes"):
            nodes = sum(len(part.stage.whole.nodes) for part in draft.picture.parts)
            self.form.count(draft.choice.area, counted(nodes))
        self.preview.page.show_picture(draft.picture)
        self.drafts.draw(self.preview.page.room, self.devicePixelRatioF())

    def on_drafts_drawn(self, small: Small) -> None:
        """Show the small picture."""
        self.preview.page.show_small(small)
        self.copy.setEnabled(True)

    def on_drafts_encoded(self, encoded: Mapping[str, bytes]) -> None:
        """Say how large the file is; now it can be saved."""
        assert self._draft is not None
        self.ready = encoded
        self.save.setEnabled(True)
        ending, picture = self._draft.choice.ending, self._draft.picture
        told = [tr(PICTURE_FORMATS[ending].title)]
        if ending == ".png":
            area = pixels(picture)
            told.append(tr("{width} × {height} px", width=grouped(area.width()), height=grouped(area.height())))
        if encoded:
            told.append(size(sum(map(len, encoded.values()))))
        if len(encoded) > 1:
            told.append(trn(len(encoded), "{count} file", "{count} files"))
        self.facts.setText(" · ".join(told))
        self.hint.setText(tr(_HINTS[ending]) if ending in _HINTS else "")

    def on_drafts_failed(self, error: QvizError) -> None:
        """Say why there is no picture, or no file."""
        self.facts.setText("")
        self.hint.setText(explained(error))
        if self._draft is None:
            self.preview.page.show_picture(None, explained(error))

    def save_file(self) -> None:
        """Ask where to, and write what was drawn."""
        if self.ready is None or self._draft is None:
            return
        ending = self._draft.choice.ending
        title = tr(PICTURE_FORMATS[ending].title)
        name = self.form.name.text().strip() or self._draft.name
        path, _ = QFileDialog.getSaveFileName(self, tr("Export"), name, file_filter(title, ending))
        if not path:
            return
        typed = Path(path).suffix.lower()
        out = Path(path) if typed in PICTURE_FORMATS else Path(f"{path}{ending}")
        try:
            if self.ready and typed in (ending, ""):
                keep(self.ready, self._draft.picture, out)
            else:
                write(self._draft.picture, out)
        except QvizError as error:
            self.hint.setText(explained(error))
            return
        self.saved.emit(str(out))
        self.close()

    def copy_picture(self) -> None:
        """Put the picture on the clipboard."""
        if self._draft is None:
            return
        try:
            QGuiApplication.clipboard().setImage(self._image(self._draft))
        except QvizError as error:
            self.hint.setText(explained(error))
            return
        self.copied.emit(joined(names.stage(name) for name in self._draft.choice.stages))

    def _image(self, draft: Draft) -> QImage:
        """Return the image that was encoded, or one that is drawn now."""
        if self.ready and draft.choice.ending == ".png":
            return QImage.fromData(self.ready[draft.name])
        return image(draft.picture)

    def showEvent(self, event: QShowEvent) -> None:
        """Give the choices the room that their text needs, which is known now."""
        super().showEvent(event)
        self.form.align()
        bar = self._left.verticalScrollBar().sizeHint().width()
        self._left.setFixedWidth(self.form.minimumSizeHint().width() + bar + 2)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Finish nothing of what is at work."""
        self.drafts.stop()
        super().closeEvent(event)
