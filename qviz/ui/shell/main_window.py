"""The window: puts the parts together and says which command does what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6 import QtCore
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from qviz.errors import QvizError
from qviz.session.commands import FOCUSES, When
from qviz.ui.panels.notices import Notice
from qviz.ui.panels.welcome import Welcome
from qviz.ui.process.engines import Engines
from qviz.ui.settings import Settings
from qviz.ui.shell.actions import Actions
from qviz.ui.shell.topbar import TopBar
from qviz.ui.stylesheet import stylesheet
from qviz.ui.theme import theme as theme_of

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QKeyEvent

    from qviz.document.plan import Plan
    from qviz.document.said import Said
    from qviz.ui.shell.desk import Desk
    from qviz.wire.messages import EngineReady


_WELCOME_KEYS = "? keys"
_DESK_KEYS = "F fit  ·  arrows walk  ·  Space before/after  ·  Ctrl K commands  ·  ? keys"


class MainWindow(QMainWindow):
    """The one window; its heavy half is made when a model is opened first."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("qviz")
        self.resize(1600, 1000)
        self.settings = settings
        self.engines = Engines(self)
        self.theme = theme_of(self._theme_name(_is_system_dark()))
        self._ready: EngineReady | None = None
        self.desk: Desk | None = None
        self.actions_of = Actions(self, self._handlers(), None)
        self.bar = TopBar(self.actions_of)
        self.welcome = Welcome(self.theme, settings.recent)
        self.notice = Notice()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        whole = QWidget()
        whole.setObjectName("whole")  # the style sheet places it at once: Qt would animate even a move of no time
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.notice)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(whole)
        self._make_status()
        self.welcome.sample_chosen.connect(self.on_welcome_sample_chosen)
        self.welcome.source_chosen.connect(self.on_welcome_source_chosen)
        self.welcome.open_requested.connect(self.open_dialog)
        self.engines.ready.connect(self.on_engines_ready)
        self.engines.spare_died.connect(self.on_engines_spare_died)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.on_system_scheme_changed)
        self.setStyleSheet(stylesheet(self.theme))
        self.restoreGeometry(settings.state("window"))
        self._enable()
        self.pages.setFocus()

    def _make_status(self) -> None:
        self.state, self.took, self.engine_state = QLabel("Ready"), QLabel(""), QLabel("Engine: starting torch…")
        self.zoom, self.keys = QLabel(""), QLabel(_WELCOME_KEYS)
        for each in (self.state, self.took, self.engine_state):
            self.statusBar().addWidget(each)
        for each in (self.zoom, self.keys):
            self.statusBar().addPermanentWidget(each)
        self.statusBar().setSizeGripEnabled(False)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        """Return what every command does; the desk is there whenever a desk's command is enabled."""

        def at_desk(name: str, *arguments: object) -> Callable[[], object]:
            return lambda: getattr(self._desk(), name)(*arguments)

        def finding_ways(name: str, *arguments: object) -> Callable[[], object]:
            return lambda: getattr(self._desk().navigation, name)(*arguments)

        def on_panes(name: str, *arguments: object) -> Callable[[], object]:
            return lambda: getattr(self._desk().work.panes, name)(*arguments)

        def on_canvas(name: str, *arguments: object) -> Callable[[], object]:
            return lambda: getattr(self._desk().work.panes.canvas, name)(*arguments)

        return {
            "open": self.open_dialog,
            "welcome": self.show_welcome,
            "quit": self.close,
            "choose_python": self.choose_python,
            "theme": self.switch_theme,
            "api_help": self.show_api_help,
            "shortcuts": self.show_shortcuts,
            "palette": self.show_palette,
            "search": lambda: self.bar.search.setFocus(QtCore.Qt.FocusReason.ShortcutFocusReason),
            "run": at_desk("run"),
            "compare": at_desk("compare"),
            "undo": at_desk("undo"),
            "redo": at_desk("redo"),
            "cancel": at_desk("cancel"),
            "open_beside": at_desk("open_beside"),
            "save": at_desk("save"),
            "export": at_desk("export"),
            "copy_picture": at_desk("copy_picture"),
            "copy_python": at_desk("copy_python"),
            "next_observer": lambda: self._next_of_kinds("observer", "fake_quant"),
            "next_cast": lambda: self._next_of_kinds("quantize", "dequantize"),
            "next_finding": finding_ways("step_finding", 1),
            "previous_finding": finding_ways("step_finding", -1),
            "swap": at_desk("swap"),
            **{each: finding_ways("focus_on", each) for each in FOCUSES},
            "changes": finding_ways("toggle_changes"),
            "next_change": finding_ways("step_change", 1),
            "previous_change": finding_ways("step_change", -1),
            "back": finding_ways("go", -1),
            "forward": finding_ways("go", 1),
            "bookmark": finding_ways("bookmark"),
            "hide_dimmed": finding_ways("hide_dimmed"),
            "previous_stage": at_desk("step_stage", -1),
            "next_stage": at_desk("step_stage", 1),
            "link_panes": at_desk("toggle_link"),
            "focus": self.toggle_focus,
            "fit": on_panes("fit"),
            "zoom_in": on_canvas("zoom_by", 1.25),
            "zoom_out": on_canvas("zoom_by", 0.8),
            "zoom_100": on_canvas("zoom_to", 1.0),
            "unfold_all": on_canvas("unfold_all"),
            "fold_all": on_canvas("fold_all"),
            "fold_others": on_canvas("fold_others"),
            "turn": on_panes("turn"),
        }

    def _desk(self) -> Desk:
        if self.desk is None:
            from qviz.extensions import load_extensions
            from qviz.ui.shell.desk import Desk

            load_extensions()

            self.desk = Desk(self, self.engines, self.settings, self.theme)
            self.desk.changed.connect(self.on_desk_changed)
            self.desk.failed.connect(self.tell)
            self.desk.work.panes.zoomed.connect(self.on_panes_zoomed)
            for panel in (self.desk.work.inspector, self.desk.work.setup):
                panel.help_requested.connect(self.show_api_help)
            self.bar.search.set_theme(self.theme)
            self.bar.search.node_chosen.connect(self.desk.navigation.jump_here)
            self.bar.search.matched.connect(self.desk.navigation.highlight_here)
            self.bar.search.left.connect(self.desk.work.panes.take_focus)
            self.actions_of.confine("swap", self.desk.work.panes)
            self.pages.addWidget(self.desk.work)
            if self._ready is not None:
                self.desk.work.setup.set_backends(self._ready.backends)
        return self.desk

    def _next_of_kinds(self, *kinds: str) -> None:
        from qviz.document.graph import Kind

        self._desk().navigation.next_of_kinds(tuple(Kind(each) for each in kinds))

    def _open_model(self, source: str) -> None:
        from qviz.document.plan import Plan

        self.open_plan(Plan(source=source))

    def open_source(self, source: str, is_consented: bool) -> None:
        """Open a model or a result; a file that can run code asks first unless its owner named it."""
        from qviz.sources.kinds import kind_of
        from qviz.ui.shell.files import is_allowed

        if kind_of(source).is_result:
            self._try(lambda: self._desk().open_result(source))
        elif self._asks_which(source, lambda chosen: self.open_source(chosen, is_consented)):
            return
        elif is_consented or is_allowed(self, source, self.settings):
            self._open_model(source)
        self._enable()

    def _asks_which(self, source: str, take: Callable[[str], None]) -> bool:
        """Ask what a source leaves open, before any of it runs; return whether `take` gets the source later."""
        import os
        import sys

        from qviz.sources.candidates import offer
        from qviz.wire import interpreter

        is_own = interpreter.VARIABLE not in os.environ  # of another interpreter only the folder is known here
        made = offer(source, [*(sys.path if is_own else ()), os.getcwd()])
        if made is None:
            return False
        if made.is_plain:
            take(f"{made.place}:{made.candidates[0].name}")
            return True

        from qviz.ui.panels.source_form import SourceForm

        form = SourceForm(self, made)
        form.source_chosen.connect(take)
        form.open()
        return True

    def open_plan(self, plan: Plan, is_consented: bool = True) -> None:
        """Open what the command line named, and run it if it named a flow too; ask first without consent."""
        from msgspec.structs import replace

        from qviz.ui.shell.files import is_allowed

        if self._asks_which(plan.source, lambda chosen: self.open_plan(replace(plan, source=chosen), is_consented)):
            return
        if not (is_consented or is_allowed(self, plan.source, self.settings)):
            return

        from qviz.document.plan import default_flow

        self._desk().open_plan(plan if plan.flow else replace(plan, flow=default_flow(plan.source)))

    def open_dialog(self) -> None:
        """Ask for a file and open it."""
        from qviz.ui.shell.files import ask_for_source

        if source := ask_for_source(self):
            self.open_source(source, is_consented=False)

    def choose_python(self) -> None:
        """Ask for the interpreter that the engine runs in, and start it there."""
        from qviz.ui.shell.files import ask_for_python

        def choose() -> None:
            if ask_for_python(self, self.settings):
                if self.desk is not None:
                    self.desk.cancel()
                self.engines.restart()
                self.engine_state.setText("Engine: starting torch…")

        self._try(choose)

    def show_welcome(self) -> None:
        """Go back to the first page."""
        self.welcome.show_recent(self.settings.recent)
        self.pages.setCurrentWidget(self.welcome)
        self.bar.show_plan(None)
        self._describe(None)

    def toggle_focus(self) -> None:
        """Hide all but the panes, or bring it back."""
        if self.desk is not None:
            self.desk.work.toggle_focus()

    def switch_theme(self) -> None:
        """Change between light and dark, and remember it."""
        self.set_theme("light" if self.theme.is_dark else "dark")
        self.settings.theme = self.theme.name

    def set_theme(self, name: str) -> None:
        """Use a theme everywhere."""
        self.theme = theme_of(name)
        self.setStyleSheet(stylesheet(self.theme))
        self.welcome.set_theme(self.theme)
        if self.desk is not None:
            self.desk.set_theme(self.theme)
            self.bar.search.set_theme(self.theme)

    def _theme_name(self, is_system_dark: bool) -> str:
        if self.settings.theme in ("light", "dark"):
            return self.settings.theme
        return "dark" if is_system_dark else "light"

    def show_shortcuts(self) -> None:
        """Show all keys."""
        from qviz.ui.panels.shortcuts import ShortcutSheet

        ShortcutSheet(self).open()

    def show_api_help(self, topic: str = "") -> None:
        """Explain torch's names: the one asked for, or that of the field in use."""
        from qviz.ui.panels.api_help import ApiHelp, topic_of

        ApiHelp(self, self.theme, topic or topic_of(self.focusWidget())).open()

    def show_palette(self) -> None:
        """Run a command by its name."""
        from qviz.ui.panels.shortcuts import Palette

        palette = Palette(self)
        palette.command_chosen.connect(lambda command_id: self.actions_of[command_id].trigger())
        palette.open()

    def tell(self, error: QvizError) -> None:
        """Show a failure that the user can act on, on the page that is open."""
        is_at_desk = self.desk is not None and self.pages.currentWidget() is self.desk.work
        notice = self._desk().work.notice if is_at_desk else self.notice
        notice.tell("error", error.message, error.hint)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except QvizError as error:
            self.tell(error)

    def _enable(self) -> None:
        now: set[When] = set()
        if self.desk is not None and self.desk.project is not None:
            project = self.desk.project
            now |= {When.PLAN} if project.plan.source and not self.desk.is_running else set()
            now |= {When.RUNNING} if self.desk.is_running else set()
            now |= {When.STAGE} if project.stages else set()
            now |= {When.RESULT} if project.snapshot is not None else set()
        self.actions_of.enable(now)
        self.bar.enable_run(When.PLAN in now)

    def on_desk_changed(self) -> None:
        """Follow the project in the bars."""
        desk = self._desk()
        self.notice.hide()
        if self.pages.currentWidget() is not desk.work:
            self.pages.setCurrentWidget(desk.work)
            desk.work.panes.canvas.setFocus()
        self.bar.show_plan(desk.project.plan if desk.project else None)
        self.bar.search.set_stage(desk.searched_stage(), desk.project.findings if desk.project else ())
        self._describe(desk)
        self._enable()

    def _describe(self, desk: Desk | None) -> None:
        """Write the title and the status bar; without a desk those of the welcome page."""
        project = desk.project if desk else None
        is_running = desk is not None and desk.is_running
        self.state.setText("Running" if is_running else "Ready")
        seconds = project.seconds if project else None
        self.took.setText(f"Run took {max(seconds, 0.1):.1f} s" if seconds is not None else "")
        self.took.setVisible(seconds is not None)
        self.zoom.setVisible(bool(project and project.stages))
        self.keys.setText(_DESK_KEYS if desk else _WELCOME_KEYS)
        if self._ready is not None:
            version = self._ready.versions.get("torch", "")
            self.engine_state.setText(f"Engine: torch {version}, {'at work' if is_running else 'idle'}")
        name = Path(project.plan.source).name if project else ""
        self.setWindowTitle(f"{name} – qviz" if name else "qviz")

    def on_panes_zoomed(self, scale: float) -> None:
        """Show the scale."""
        self.zoom.setText(f"Zoom {scale * 100:.0f} %")

    def on_engines_ready(self, ready: EngineReady) -> None:
        """Say so; only the engines of this machine are offered."""
        self._ready = ready
        if self.desk is not None:
            self.desk.work.setup.set_backends(ready.backends)
        self._describe(self.desk if self.pages.currentWidget() is not self.welcome else None)

    def on_engines_spare_died(self, how: Said) -> None:
        """Say that torch did not start; the next run tries again and tells more."""
        if self._ready is None:
            self.engine_state.setText(how.message)

    def on_system_scheme_changed(self, system: QtCore.Qt.ColorScheme) -> None:
        """Follow the system from light to dark and back, unless the user chose."""
        self.set_theme(self._theme_name(system == QtCore.Qt.ColorScheme.Dark))

    def on_welcome_sample_chosen(self, source: str) -> None:
        """Show a sample before and after."""
        self._open_model(source)

    def on_welcome_source_chosen(self, source: str, is_typed: bool) -> None:
        """Open what was typed, dropped or chosen again."""
        self.open_source(source, is_consented=is_typed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Bring back what search or chips dimmed, on an Escape that nothing else took."""
        if event.key() == QtCore.Qt.Key.Key_Escape and self.desk is not None:
            self.bar.search.close_results()
            self.desk.work.strip.dim_for("")
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember sizes, end the engines."""
        self.settings.save_state("window", self.saveGeometry())
        if self.desk is not None:
            self.desk.work.save_state()
        self.engines.shut_down()
        super().closeEvent(event)


def _is_system_dark() -> bool:
    """Tell by the palette; the first name of the namespace `Qt`, as of a colour scheme, is dear (`pieces.choose`)."""
    palette = QGuiApplication.palette()
    return palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.Text).lightness()
