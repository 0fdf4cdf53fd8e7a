"""Asks for the observers of a module, and for a range that is fixed by hand."""

from __future__ import annotations

from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QWidget

from qviz.analysis.acting.observers import ACTIVATION_OBSERVERS, WEIGHT_OBSERVERS, ObserverChoice
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.widgets import answers, label
from qviz.words import tr
from qviz.words.visible import short_name

_DIGITS = 6


class ObserverDialog(QDialog):
    """Asks which observers a module gets.

    Args:
        parent: The window.
        name: Of the module.
        has_weight: Whether it has a weight that is quantized.
    """

    def __init__(self, parent: QWidget, name: str, has_weight: bool) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Observers of {name}", name=short_name(name)))
        form = QFormLayout(self)
        self.activation, self.weight = Choice(), Choice()
        for choice, names in ((self.activation, ACTIVATION_OBSERVERS), (self.weight, WEIGHT_OBSERVERS)):
            choice.addItem(tr("As configured"), None)
            for each in names:
                choice.addItem(each, each)
        form.addRow(tr("Output"), self.activation)
        form.addRow(tr("Weight"), self.weight)
        form.setRowVisible(self.weight, has_weight)
        buttons = answers(tr("Apply"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    def choice(self) -> ObserverChoice:
        """Return what was chosen."""
        return ObserverChoice(self.activation.currentData(), self.weight.currentData())


class RangeDialog(QDialog):
    """Asks for a range.

    Args:
        parent: The window.
        name: What gets it.
        low: Where it begins now.
        high: Where it ends now.
    """

    def __init__(self, parent: QWidget, name: str, low: float, high: float) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Range of {name}", name=short_name(name)))
        form = QFormLayout(self)
        self.low, self.high = QLineEdit(f"{low:.{_DIGITS}g}"), QLineEdit(f"{high:.{_DIGITS}g}")
        for each in (self.low, self.high):
            each.setValidator(QDoubleValidator(each))
            each.textChanged.connect(self._check)
        form.addRow(tr("From"), self.low)
        form.addRow(tr("To"), self.high)
        self.fault = label("", "error", wraps=True)
        form.addRow(self.fault)
        buttons = answers(tr("Apply"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._ok = buttons.buttons()[0]
        form.addRow(buttons)
        self._check()

    def range(self) -> tuple[float, float] | None:
        """Return the two ends; None where a field holds no number or the range lacks 0."""
        try:
            low, high = float(self.low.text()), float(self.high.text())
        except ValueError:
            return None
        return (low, high) if low <= 0 <= high and low < high else None

    def _check(self) -> None:
        is_range = self.range() is not None
        self._ok.setEnabled(is_range)
        self.fault.setText("" if is_range else tr("The range must contain 0, and From must be below To."))
