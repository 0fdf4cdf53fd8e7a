"""What is wrong with how widgets stand: a text that is cut and told nowhere, widgets that lie over each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QRadioButton,
    QSizeGrip,
    QSplitterHandle,
    QTabBar,
    QTabWidget,
    QWidget,
)

_SLACK = 1
"""Pixels that rounding may take."""
_FRAME = 18
"""Pixels around the text of a field and of a choice: padding and border."""


def faults(root: QWidget) -> list[str]:
    """Return what is wrong with the visible widgets below one."""
    shown = [each for each in root.findChildren(QWidget) if each.isVisible() and each.visibleRegion().boundingRect()]
    return [*_cut(shown), *_beyond(shown), *(fault for each in (root, *shown) for fault in _over_each_other(each))]


def _cut(shown: list[QWidget]) -> Iterator[str]:
    for each in shown:
        for text, room, wanted in _texts(each):
            if text and wanted > room + _SLACK and not _tells(each, text):
                yield f"{_named(each)} cuts {text!r}: {wanted} wanted, {room} there, tooltip {each.toolTip()!r}"


def _texts(widget: QWidget) -> Iterator[tuple[str, int, int]]:
    """Yield the texts of a widget, with the room for each and what it wants, in pixels."""
    metrics = widget.fontMetrics()
    match widget:
        case QLabel() if widget.wordWrap():
            yield widget.text(), widget.height(), widget.heightForWidth(widget.width())
        case QLabel():
            yield widget.text(), widget.width(), widget.minimumSizeHint().width()
            yield widget.text(), widget.height(), metrics.height()
        case QCheckBox() | QRadioButton():
            yield widget.text(), widget.width(), widget.sizeHint().width()
        case QAbstractButton():
            plain = widget.text().replace("&", "")
            yield plain, widget.width(), metrics.horizontalAdvance(plain)
            yield plain, widget.height(), metrics.height()
        case QLineEdit():
            text = widget.text() or widget.placeholderText()
            yield text if not widget.text() else "", widget.width() - _FRAME, metrics.horizontalAdvance(text)
        case QComboBox():
            yield widget.currentText(), widget.width() - 2 * _FRAME, metrics.horizontalAdvance(widget.currentText())
        case QTabBar():
            for tab in range(widget.count()):
                text = widget.tabText(tab)
                untold = "" if _plain(text) in _plain(widget.tabToolTip(tab)) else text
                yield untold, widget.tabRect(tab).width(), metrics.horizontalAdvance(text)
            yield "the last tab", widget.width(), widget.tabRect(widget.count() - 1).right() + 1
        case _:
            return


def _tells(widget: QWidget, text: str) -> bool:
    """Tell whether a tooltip says a text, be it that of a parent: Qt shows that where there is none."""
    at: QWidget | None = widget
    while at is not None and not at.isWindow():
        if at.toolTip():
            return _plain(text) in _plain(at.toolTip())
        at = at.parentWidget()
    return False


def _plain(text: str) -> str:
    return " ".join(text.replace("\u200b", "").rstrip("▾ ").lower().split())


def _beyond(shown: list[QWidget]) -> Iterator[str]:
    """Yield what reaches out of its parent, where it cannot be seen or clicked."""
    for each in shown:
        parent = each.parentWidget()
        if parent is None or each.isWindow() or isinstance(parent.parentWidget(), QAbstractScrollArea):
            continue
        if not parent.rect().adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK).contains(each.geometry()):
            yield f"{_named(each)} at {each.geometry().getRect()} reaches out of {_named(parent)} {parent.size()}"


def _over_each_other(parent: QWidget) -> Iterator[str]:
    if isinstance(parent, (QAbstractScrollArea, QTabBar)):
        return
    for one, other in combinations([each for each in parent.children() if _stands(each)], 2):
        assert isinstance(one, QWidget)
        assert isinstance(other, QWidget)
        over = one.geometry() & other.geometry()
        if over.width() > _SLACK and over.height() > _SLACK:
            yield f"{_named(one)} {one.geometry().getRect()} lies over {_named(other)} {other.geometry().getRect()}"


def _stands(child: object) -> bool:
    """Tell whether a child has a place of its own: what floats over others has none."""
    if not isinstance(child, QWidget) or child.isHidden() or child.isWindow():
        return False
    is_part = isinstance(child, (QSplitterHandle, QSizeGrip)) or isinstance(child.parentWidget(), QTabWidget)
    is_floating = child.property("role") == "toast" or child.testAttribute(
        Qt.WidgetAttribute.WA_TransparentForMouseEvents
    )
    return not is_part and not is_floating


def _named(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    said = text() if callable(text) and not isinstance(widget, QTabBar) else widget.accessibleName()
    role = widget.property("role")
    return f"{type(widget).__name__}{f'[{role}]' if role else ''} {said!r}"
