"""The menu Go: steps from node to node, and from stage to stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.shell.pages import Pages

if TYPE_CHECKING:
    from qviz.ui.shell.navigation import Navigation
    from qviz.ui.shell.selection import SharedSelection


class GoCommands(CommandGroup):
    """Commands that select another node, or show another stage."""

    title = "Go"

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    @property
    def _navigation(self) -> Navigation:
        return self._pages.need_desk().navigation

    @property
    def _selection(self) -> SharedSelection:
        return self._pages.need_desk().selection

    @command("Back", "Alt+Left", when=When.STAGE, words="previous selection history")
    def back(self) -> None:
        """Go back to what was selected before."""
        self._navigation.go(-1)

    @command("Forward", "Alt+Right", when=When.STAGE, words="next selection history")
    def forward(self) -> None:
        """Undo going back."""
        self._navigation.go(1)

    @command("Next finding", "N", when=When.RESULT, is_apart=True, words="problem warning error")
    def next_finding(self) -> None:
        """Go to the next finding."""
        self._navigation.step_finding(1)

    @command("Previous finding", "P", when=When.RESULT, words="problem warning error")
    def previous_finding(self) -> None:
        """Go to the previous finding."""
        self._navigation.step_finding(-1)

    @command("Next place of the finding", "Shift+N", when=When.RESULT, words="problem warning error node")
    def next_place(self) -> None:
        """Go to the next node of the finding."""
        self._navigation.step_place(1)

    @command("Previous place of the finding", "Shift+P", when=When.RESULT, words="problem warning error node")
    def previous_place(self) -> None:
        """Go to the previous node of the finding."""
        self._navigation.step_place(-1)

    @command("Next change", ".", when=When.STAGE, is_apart=True, words="diff difference added removed")
    def next_change(self) -> None:
        """Select the next node that changed."""
        self._navigation.step_change(1)

    @command("Previous change", ",", when=When.STAGE, words="diff difference added removed")
    def previous_change(self) -> None:
        """Select the previous node that changed."""
        self._navigation.step_change(-1)

    @command("Next observer", "O", when=When.STAGE, words="fake quant")
    def next_observer(self) -> None:
        """Select the next observer or fake-quant."""
        self._navigation.step_observer(1)

    @command("Previous observer", "Shift+I", when=When.STAGE, words="fake quant")
    def previous_observer(self) -> None:
        """Select the previous observer or fake-quant."""
        self._navigation.step_observer(-1)

    @command("Next cast", "Q", when=When.STAGE, words="quantize dequantize")
    def next_cast(self) -> None:
        """Select the next quantize or dequantize."""
        self._navigation.step_cast(1)

    @command("Previous cast", "Shift+Q", when=When.STAGE, words="quantize dequantize")
    def previous_cast(self) -> None:
        """Select the previous quantize or dequantize."""
        self._navigation.step_cast(-1)

    @command("Previous stage", "[", when=When.STAGE, is_apart=True, words="captured prepared converted")
    def previous_stage(self) -> None:
        """Show the previous stage on the right."""
        self._selection.step_stage(-1)

    @command("Next stage", "]", when=When.STAGE, words="captured prepared converted")
    def next_stage(self) -> None:
        """Show the next stage on the right."""
        self._selection.step_stage(1)

    @command("Previous run", "Ctrl+Up", when=When.RESULT, words="runs history before back")
    def previous_run(self) -> None:
        """Show the run before the one on screen."""
        self._pages.need_desk().shelf.step(-1)

    @command("Next run", "Ctrl+Down", when=When.RESULT, words="runs history after forward")
    def next_run(self) -> None:
        """Show the run after the one on screen."""
        self._pages.need_desk().shelf.step(1)

    @command("Next part of the window", "F6", when=When.OPEN, is_apart=True, words="focus panel inspector keyboard tab")
    def next_part(self) -> None:
        """Let keys go to the next part: left panel, panes, tabs, inspector."""
        self._step_part(1)

    @command("Previous part of the window", "Shift+F6", when=When.OPEN, words="focus panel inspector keyboard tab")
    def previous_part(self) -> None:
        """Let keys go to the previous part."""
        self._step_part(-1)

    def _step_part(self, by: int) -> None:
        from PySide6.QtCore import Qt

        from qviz.ui.shell.tab_order import next_region

        regions = self._pages.need_desk().work.surroundings.regions
        if (found := next_region(regions, self._pages.window().focusWidget(), by)) is not None:
            found.setFocus(Qt.FocusReason.TabFocusReason)

    @command("Producer", "Alt+Up", when=When.NODE, is_apart=True, words="input feeds arrow up")
    def producer(self) -> None:
        """Select what the selection reads."""
        self._pages.need_desk().work.panes.canvas.selection.walk("up")

    @command("User", "Alt+Down", when=When.NODE, words="consumer output reads arrow down")
    def user(self) -> None:
        """Select what reads the selection."""
        self._pages.need_desk().work.panes.canvas.selection.walk("down")
