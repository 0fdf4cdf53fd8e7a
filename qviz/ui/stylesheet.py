"""The look of the widgets, made of the tokens of a theme."""

from __future__ import annotations

import re
from functools import partial
from math import floor

from qviz.ui.theme import Theme

_BELOW = 0.96
"""Of a radius that grows with the text: sizes are rounded one by one."""

_SHEET = """
* {{ font-size: 12px; }}
QMainWindow, QDialog, QWidget#page {{ background: {window}; color: {text}; }}
QWidget#whole {{ widget-animation-duration: 0; }}
QLabel {{ color: {text}; background: transparent; }}
QLabel[role="heading"] {{ font-size: 22px; font-weight: 600; }}
QLabel[role="section"] {{ font-weight: 600; color: {text.muted}; }}
QLabel[role="part"] {{ font-weight: 600; color: {text.muted}; }}
QLabel[role="small"] {{ font-size: 11px; color: {text.muted}; }}
QLabel[role="cell"] {{ font-size: 11px; }}
QFrame[role="tint"] {{ background: {accent.soft}; border: none; border-radius: 3px; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="code.near"] {{ padding: 1px 9px; color: {text.muted}; }}
QLabel[role="code.line"] {{ padding: 1px 9px; background: {code.line}; }}
QLabel[role="muted"] {{ color: {text.muted}; }}
QLabel[role="good"] {{ color: {change.added}; }}
QLabel[role="bad"] {{ color: {level.error}; }}
QSlider {{ min-height: 20px; background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; background: {border.strong}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 12px; margin: -6px 0; border-radius: 7px; background: {panel};
    border: 2px solid {accent}; }}
QSlider::handle:horizontal:focus {{ background: {accent}; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {border.strong};
    border-color: {border.strong}; }}
QLabel[role="error"] {{ color: {level.error}; }}
QLabel[role="title"] {{ font-size: 15px; font-weight: 600; }}
QLabel[role="brand"] {{ font-weight: 700; font-size: 13px; }}
QLabel[role="pane"] {{ font-weight: 600; }}
QFrame[role="side"], QWidget[role="side"] {{ background: {panel}; }}
QFrame[role="bar"] {{ background: {panel}; border: none; border-bottom: 1px solid {border}; }}
QFrame[role="appbar"] {{ background: {panel}; border: none; border-bottom: 1px solid {border};
    min-height: 40px; max-height: 40px; }}
QFrame[role="stagebar"] {{ background: {panel}; border: none; border-bottom: 1px solid {border}; min-height: 36px; }}
QFrame[role="summary"] {{ background: {panel}; border: none; border-bottom: 1px solid {border}; }}
QLineEdit[fault="true"] {{ border: 1px solid {level.error}; }}
QFrame[role="legendbar"] {{ background: {panel}; border: none; border-top: 1px solid {border};
    min-height: 26px; max-height: 26px; }}
QFrame[role="run"], QFrame[role="runshown"] {{ background: {panel}; border: none;
    border-left: 3px solid {panel}; }}
QFrame[role="run"]:hover, QFrame[role="run"]:focus {{ background: {hover}; border-left: 3px solid {border.strong}; }}
QFrame[role="runshown"] {{ background: {accent.soft}; border-left: 3px solid {accent}; }}
QFrame[role="runshown"] QLabel, QFrame[role="run"] QLabel {{ background: transparent; }}
QFrame[role="runshown"]:focus {{ background: {accent.soft}; border-left: 3px solid {accent};
    border-top: 1px solid {accent}; border-bottom: 1px solid {accent}; }}
QFrame[role="run"] QLabel[role="badge"], QFrame[role="runshown"] QLabel[role="badge"] {{ background: {accent};
    color: {text.on_accent}; border-radius: 4px; font-size: 11px; font-weight: 700; }}
QFrame[role="droptarget"] {{ background: transparent; border: 2px solid {accent}; }}
QLabel[role="dashed"] {{ border: 1px dashed {border.strong}; border-radius: 6px; color: {text.muted};
    font-size: 11px; padding: 3px 4px; }}
QFrame[role="rail"] {{ background: {panel}; border: none; border-right: 1px solid {border}; }}
QToolButton[role="rail"] {{ border: none; border-radius: 6px; padding: 5px 0; min-width: 58px; max-width: 58px;
    font-size: 11px; color: {text.muted}; background: transparent; }}
QToolButton[role="rail"]:hover, QToolButton[role="rail"]:focus {{ background: {accent.soft}; color: {text}; }}
QToolButton[role="flat"] {{ border: none; background: transparent; color: {text.muted}; padding: 4px 12px; }}
QToolButton[role="flat"]:hover, QToolButton[role="flat"]:focus {{ color: {accent}; }}
QPushButton[role="legend"] {{ border: 1px solid transparent; background: transparent; color: {text.muted};
    padding: 1px 6px; font-size: 11px; border-radius: 5px; text-align: left; }}
QPushButton[role="legend"]:hover, QPushButton[role="legend"]:focus {{ background: {hover}; color: {text}; }}
QPushButton[role="legend"]:checked {{ background: {accent.soft}; border-color: {accent}; }}
QFrame[role="upright"] {{ background: {border}; border: none; min-width: 1px; max-width: 1px;
    min-height: 20px; max-height: 20px; }}
QMenuBar {{ background: transparent; color: {text}; }}
QMenuBar::item {{ background: transparent; padding: 5px 8px; border-radius: 5px; }}
QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {hover}; }}
QFrame[role="parting"] {{ background: {border}; border: none; min-width: 1px; min-height: 1px; max-width: 1px; }}
QFrame[role="sunken"] {{ background: {panel.sunken}; }}
QFrame[role="line"] {{ background: {border}; border: none; max-height: 1px; min-height: 1px; }}
QFrame[role="why"] {{ background: {why.fill}; border: none; border-left: 3px solid {why.line}; border-radius: 3px; }}
QFrame[role="canvas"] {{ background: {canvas}; border: none; }}
QFrame[role="code"] {{ background: {code.fill}; border: none; border-radius: 5px; }}
QFrame[role="toast"] {{ background: {panel}; border: 1px solid {border.strong}; border-radius: 14px;
    min-height: 28px; max-height: 28px; }}
QFrame[role="failure"] {{ background: {panel.sunken}; border: none; border-left: 4px solid {level.error}; }}
QLabel[role="pending"] {{ color: {accent}; }}
QLabel[role="sign"] {{ font-weight: 700; }}
QLabel[role="sign"][level="error"] {{ color: {level.error}; }}
QLabel[role="sign"][level="warning"] {{ color: {level.warning}; }}
QLabel[role="sign"][level="info"] {{ color: {level.info}; }}
QFrame[role="drop"] {{ border: 2px dashed {border.strong}; border-radius: 9px; background: transparent; }}
QFrame[role="boxed"] {{ border: 1px solid {border.strong}; border-radius: 5px; background: {panel}; }}
QFrame[role="card"] {{ border: 1px solid {border}; border-radius: 9px; background: {panel}; }}
QFrame[role="card"]:hover, QFrame[role="card"]:focus {{ border: 1px solid {accent}; background: {hover}; }}
QPushButton, QToolButton {{ background: {panel}; color: {text}; border: 1px solid {border.strong}; border-radius: 5px;
    padding: 5px 11px; }}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus {{ border: 1px solid {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {text.muted}; border-color: {border}; }}
QPushButton[role="primary"] {{ background: {accent}; color: {text.on_accent}; border-color: {accent};
    font-weight: 600; }}
QPushButton[role="primary"]:disabled {{ background: {border}; border-color: {border}; color: {text.muted}; }}
QToolButton {{ padding: 3px 9px; }}
QToolButton[open="true"] {{ background: {accent.soft}; border-color: {accent}; }}
QToolButton[role="crumb"], QToolButton[role="crumb-model"] {{ border: 1px solid transparent; background: transparent;
    padding: 3px 6px; }}
QToolButton[role="crumb-model"] {{ font-weight: 600; }}
QToolButton[role="crumb"]:hover, QToolButton[role="crumb-model"]:hover {{ background: {hover}; }}
QToolButton[role="crumb"]:focus, QToolButton[role="crumb-model"]:focus {{ border-color: {accent}; }}
QTabBar QToolButton {{ padding: 0; border-radius: 0; }}
QToolButton::menu-indicator {{ image: none; }}
QPushButton[role="field"] {{ color: {text.muted}; text-align: left; padding: 5px 9px; }}
QPushButton[role="chip"] {{ border-radius: 8px; padding: 2px 9px; font-size: 11px; }}
QPushButton[role="chip"]:checked {{ background: {accent.soft}; border-color: {accent}; }}
QPushButton[role="stage"] {{ border-radius: 10px; padding: 3px 13px; }}
QPushButton[role="stage"][shown="true"] {{ border: 2px solid {accent}; padding: 2px 12px 2px 6px; }}
QPushButton[role="stage"][tight="true"] {{ padding: 3px 6px; }}
QPushButton[role="stage"][tight="true"][shown="true"] {{ padding: 2px 5px; }}
QPushButton[role="stage"][failed="true"] {{ border: 2px solid {level.error}; color: {level.error}; }}
QPushButton[role="segment"] {{ border-radius: 0; padding: 3px 9px; }}
QPushButton[role="segment"][at="only"] {{ border-radius: 5px; }}
QPushButton[role="segment"][at="first"] {{ border-top-left-radius: 5px; border-bottom-left-radius: 5px; }}
QPushButton[role="segment"][at="inside"], QPushButton[role="segment"][at="last"] {{ border-left: none; }}
QPushButton[role="segment"][at="last"] {{ border-top-right-radius: 5px; border-bottom-right-radius: 5px; }}
QPushButton[role="segment"]:checked {{ background: {accent.soft}; border-bottom: 2px solid {accent};
    padding-bottom: 2px; }}
QPushButton[role="link"] {{ border: none; background: transparent; color: {accent}; padding: 0; text-align: left; }}
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus {{ text-decoration: underline; }}
QPushButton[role="step"], QToolButton[role="step"] {{ border: none; background: transparent; padding: 0 5px;
    font-size: 14px; color: {text.muted}; }}
QPushButton[role="step"]:hover, QToolButton[role="step"]:hover {{ background: {hover}; }}
QPushButton[role="step"]:focus, QToolButton[role="step"]:focus {{ background: {accent.soft}; }}
QPushButton[role="step"]:disabled {{ color: {border.strong}; }}
QPushButton[role="here"], QPushButton[role="here"]:disabled {{ border: none; background: transparent; padding: 0;
    text-align: left; font-weight: 600; color: {text}; }}
QPushButton[role="act"] {{ padding: 3px 7px; min-width: 0; }}
QToolButton[role="act"] {{ padding: 3px 5px; min-width: 0; }}
QPushButton[role="act"]:checked {{ background: {accent.soft}; border-color: {accent}; }}
QToolButton[role="fold"] {{ border: none; background: transparent; padding: 2px 0; font-weight: 600; }}
QToolButton[role="fold"]:focus {{ color: {accent}; }}
QTextBrowser {{ background: {panel}; color: {text}; border: 1px solid {border}; border-radius: 6px; padding: 8px; }}
QLineEdit, QComboBox, QPlainTextEdit, QSpinBox, QDoubleSpinBox {{
    background: {panel}; color: {text}; border: 1px solid {border.strong};
    border-radius: 5px; padding: 4px 8px; selection-background-color: {accent}; selection-color: {text.on_accent}; }}
QComboBox {{ padding-left: 10px; }}
QAbstractSpinBox {{ padding: 3px 0; }}
QAbstractSpinBox QLineEdit {{ border: none; padding: 0; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
QDoubleSpinBox::down-button {{ width: 0; border: none; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox QAbstractItemView {{ background: {panel}; color: {text}; border: 1px solid {border.strong};
    selection-background-color: {accent.soft}; selection-color: {text}; }}
QTreeView, QTableView, QListView, QTreeWidget, QTableWidget, QListWidget {{ background: {panel}; color: {text};
    border: none; alternate-background-color: {panel.sunken}; gridline-color: {border}; outline: none; }}
QFrame[role="popup"] {{ background: {panel}; border: 1px solid {border.strong}; border-radius: 5px; }}
QTreeView::item, QListView::item, QTableView::item {{ padding: 4px; }}
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected {{
    background: {accent.soft}; color: {text}; }}
QTreeView::item:hover, QListView::item:hover {{ background: {hover}; }}
QCheckBox {{ color: {text}; spacing: 7px; }}
QCheckBox::indicator {{ width: 12px; height: 12px; border: 1px solid {border.strong}; border-radius: 3px;
    background: {panel}; }}
QCheckBox::indicator:checked {{ background: {accent}; border: 1px solid {accent}; }}
QCheckBox:focus, QRadioButton:focus {{ color: {accent}; }}
QFrame[role="dropsheet"] {{ background: {accent.soft}; border: 2px dashed {accent}; }}
QRadioButton {{ color: {text}; spacing: 7px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {text.muted}; }}
QRadioButton::indicator {{ width: 12px; height: 12px; border: 1px solid {border.strong}; border-radius: 7px;
    background: {panel}; }}
QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 4px solid {accent};
    background: {text.on_accent}; }}
QHeaderView {{ background: {panel}; }}
QHeaderView::section, QTableCornerButton::section {{ background: {panel}; color: {text.muted};
    border: none; padding: 4px; }}
QPlainTextEdit[role="text"] {{ border: none; background: {code.fill}; }}
QScrollArea {{ border: none; background: transparent; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 9px; margin: 0; }}
QScrollBar::handle {{ background: {border.strong}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTabWidget[role="bottom"] QTabBar::tab {{ padding: 6px 10px; }}
QTabWidget[role="bottom"][tight="true"] QTabBar::tab {{ padding: 6px 5px; }}
QTabWidget[role="bottom"] QToolButton[role="flat"] {{ padding: 4px 8px; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {border}; }}
QTabBar {{ background: {panel}; }}
QTabBar::tab {{ background: transparent; color: {text.muted}; padding: 7px 12px;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; font-weight: 600; }}
QSplitter::handle {{ background: {border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QProgressBar {{ background: {panel.sunken}; border: 1px solid {border}; border-radius: 4px; height: 8px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QStatusBar {{ background: {panel}; color: {text.muted}; border-top: 1px solid {border}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {text.muted}; padding: 0 8px; }}
QMenu {{ background: {panel}; color: {text}; border: 1px solid {border.strong}; padding: 4px; }}
QMenu::item {{ padding: 5px 22px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent.soft}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 8px; }}
QToolTip {{ background: {panel}; color: {text}; border: 1px solid {border.strong}; padding: 4px; }}
QCheckBox {{ color: {text}; selection-color: {text.on_accent}; }}
QScrollArea[role="page"], QWidget[role="page"] {{ background: {canvas}; border: none; }}
QLabel[role="page"] {{ font-size: 20px; font-weight: 700; background: transparent; }}
QLabel[role="guess"] {{ font-size: 11px; color: {guess}; }}
QLabel[role="good"] {{ font-weight: 700; color: {good}; }}
QLabel[role="fault"] {{ font-size: 11px; color: {level.error}; }}
QLineEdit[guess="true"] {{ border: 1px dashed {guess}; }}
QFrame[role="sheet"] {{ border: 1px solid {border}; border-radius: 6px; background: {panel}; }}
QFrame[role="sheethead"] {{ border: none; border-bottom: 1px solid {border}; background: {panel.sunken};
    border-top-left-radius: 6px; border-top-right-radius: 6px; }}
QFrame[role="model"], QFrame[role="modelchosen"] {{ background: {panel}; border: none; border-left: 3px solid {panel};
    border-radius: 0; }}
QFrame[role="model"]:hover {{ background: {hover}; }}
QFrame[role="model"]:focus, QFrame[role="modelchosen"]:focus {{ border-left: 3px solid {accent}; }}
QFrame[role="modelchosen"] {{ background: {accent.soft}; border-left: 3px solid {accent}; }}
QFrame[role="dropsheet"] {{ background: {accent.soft}; border: 2px dashed {accent}; }}
QRadioButton {{ color: {text}; background: transparent; }}
"""


def stylesheet(theme: Theme, text_scale: float = 1.0) -> str:
    """Return the style sheet of a theme; all sizes but those of hairlines grow with the text."""
    sheet = _SHEET.replace("{{", "\0").replace("}}", "\1")
    for token, color in theme.tokens.items():
        sheet = sheet.replace(f"{{{token}}}", color)
    sheet = sheet.replace("\0", "{").replace("\1", "}")
    if text_scale == 1.0:
        return sheet
    sheet = re.sub(r"(radius: )(\d+)px", partial(_scaled_radius, text_scale), sheet)
    return re.sub(r"(?<!radius: )\b([4-9]|\d\d+)px", partial(_scaled, text_scale), sheet)


def _scaled(by: float, found: re.Match[str]) -> str:
    return f"{round(int(found[1]) * by)}px"


def _scaled_radius(by: float, found: re.Match[str]) -> str:
    """Return a radius that stays below half of its box, or Qt draws a square: lines do not grow with the text."""
    return f"{found[1]}{floor(int(found[2]) * by * _BELOW)}px"
