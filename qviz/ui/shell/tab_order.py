"""Where Tab goes: from region to region, and inside each from top to bottom, whenever a widget was made."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

_ROW = 14
"""Pixels; widgets whose middles differ by less stand in one row."""


def focus_order(regions: Iterable[QWidget]) -> list[QWidget]:
    """Return the widgets that Tab goes to, in their order."""
    return [each for region in regions if region.isVisible() for each in _inside(region)]


def next_focus(order: list[QWidget], now: QWidget | None, by: int) -> QWidget | None:
    """Return the widget by which the focus goes on; around the end, it begins anew."""
    if not order:
        return None
    at = next((place for place, each in enumerate(order) if each is now), None)
    if at is None:  # inside of something that takes keys, too, as a scroll area does
        at = next((place for place, each in enumerate(order) if now and each.isAncestorOf(now)), None)
    if at is None:
        return order[0 if by > 0 else -1]
    return order[(at + by) % len(order)]


def next_region(regions: Iterable[QWidget], now: QWidget | None, by: int) -> QWidget | None:
    """Return the widget that begins the region after, or before, the one that has the focus, around the end."""
    found = [(region, inside[0]) for region in regions if region.isVisible() and (inside := _inside(region))]
    if not found:
        return None
    at = next((at for at, (region, _) in enumerate(found) if now and (region is now or region.isAncestorOf(now))), None)
    return found[(0 if by > 0 else -1) if at is None else (at + by) % len(found)][1]


def _inside(region: QWidget) -> list[QWidget]:
    found = [each for each in (region, *region.findChildren(QWidget)) if _takes_tab(each)]

    def place(widget: QWidget) -> tuple[int, int]:
        middle = widget.mapTo(region.window(), QPoint(0, widget.height() // 2))
        return middle.y() // _ROW, middle.x()

    rows = {each: place(each) for each in found}
    return sorted(found, key=lambda each: rows[each])


def _takes_tab(widget: QWidget) -> bool:
    has_policy = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
    return has_policy and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None
