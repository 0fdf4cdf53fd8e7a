"""After folding, boxes move from where they stood to where they stand now, so that the eye can follow."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QRectF, QSizeF, QVariantAnimation, Signal
from PySide6.QtWidgets import QApplication, QStyle

from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.exposure import Moving
from qviz.ui.canvas.scene import Scene

DURATION = 150
"""Milliseconds."""
MOST = 50
"""Boxes in sight of a pane; more would not move smoothly, for two panes move at once, and no eye follows them."""


_is_reduced = [False]


def reduce_motion(is_reduced: bool) -> None:
    """Animate nothing from now on, whatever the desktop's style says; or what that says."""
    _is_reduced[0] = is_reduced


def wants_less_motion() -> bool:
    """Tell whether the user, or the desktop's style, was told to animate nothing."""
    return _is_reduced[0] or QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) <= 0


class Motion(QObject):
    """Signals: moved, when there is another picture to paint."""

    moved = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._ways: dict[str, QPointF] = {}
        self._fresh: frozenset[str] = frozenset()
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(DURATION)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(self.moved)
        self._animation.finished.connect(self.moved)

    @property
    def is_running(self) -> bool:
        """Whether boxes are on their way."""
        return self._animation.state() is QVariantAnimation.State.Running

    def stop(self) -> None:
        """Let every box be where it belongs."""
        self._animation.stop()

    def start(self, before: tuple[Scene, Camera], after: tuple[Scene, Camera], screen: QSizeF) -> None:
        """Begin to move from one picture to another; at once where that is not wanted or too much."""
        self.stop()
        (old, was), (new, now) = before, after
        sight = now.sight(screen.width(), screen.height())
        if wants_less_motion() or not new.are_few(sight, MOST) or not old.are_few(was.sight(*_size(screen)), MOST):
            return
        seen = [box.id for box in new.visible(_wider(sight)).boxes]
        self._ways = {
            each: way
            for each in seen
            if each in old.box and not (way := _way(old.rect(each), was, new.rect(each), now)).isNull()
        }
        self._fresh = frozenset(each for each in seen if each not in old.box)
        if self._ways or self._fresh:
            self._animation.start()

    def now(self) -> Moving:
        """Return where everything is at this moment."""
        done = float(self._animation.currentValue())
        return Moving({each: way * (1 - done) for each, way in self._ways.items()}, self._fresh, done)


def _way(old: QRectF, was: Camera, new: QRectF, now: Camera) -> QPointF:
    """Return from where a box comes, for an eye that watches the screen."""
    return now.to_canvas(was.to_screen(old.topLeft())) - new.topLeft()


def _size(screen: QSizeF) -> tuple[float, float]:
    return screen.width(), screen.height()


def _wider(sight: QRectF) -> QRectF:
    """Return room for boxes that come from outside."""
    return sight.adjusted(-sight.width() / 2, -sight.height() / 2, sight.width() / 2, sight.height() / 2)
