"""A picture that was pushed glides on for a moment, as under a finger."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QTimer, Signal

FRAME = 16
"""Milliseconds between two steps."""
FRICTION = 0.90
"""The share of the speed that a step leaves."""
SLOWEST = 0.6
"""Pixels a step below which it stands."""
FRESH = 60
"""Milliseconds; a hand that rested longer before it let go wants the picture to stay."""


class Glide(QObject):
    """Signals: moved with the way of a step, a `QPointF` in pixels."""

    moved = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pushes: list[tuple[int, QPointF]] = []
        self._speed = QPointF()
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self._step)

    @property
    def is_moving(self) -> bool:
        """Whether it glides."""
        return self._timer.isActive()

    def push(self, way: QPointF, at: int) -> None:
        """Note a move of the hand, `at` milliseconds of the event's clock."""
        self.stop()
        self._pushes = [*(each for each in self._pushes if at - each[0] <= FRESH), (at, way)]

    def let_go(self, at: int) -> None:
        """Glide on with the speed of the last pushes; not after a rest."""
        fresh = [each for each in self._pushes if at - each[0] <= FRESH]
        self._pushes = []
        if len(fresh) < 2:
            return
        way = sum((each[1] for each in fresh[1:]), QPointF())
        self._speed = way * (FRAME / max(at - fresh[0][0], FRAME))
        if self._speed.manhattanLength() > SLOWEST:
            self._timer.start()

    def stop(self) -> None:
        """Stand."""
        self._timer.stop()

    def _step(self) -> None:
        self._speed *= FRICTION
        if self._speed.manhattanLength() < SLOWEST:
            self.stop()
        else:
            self.moved.emit(QPointF(self._speed))
