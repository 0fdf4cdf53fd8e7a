"""Every command once: its id, title, shortcut, and when it is possible; menus, tooltips and the sheet read it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class When(str, Enum):
    """What has to be the case for a command."""

    ALWAYS = "always"
    STAGE = "a stage is shown"
    PLAN = "a model is chosen"
    RUNNING = "a run is at work"
    RESULT = "there is a result"


class Command(NamedTuple):
    """One thing that the user can do; `keys` as Qt writes them."""

    id: str
    title: str
    keys: tuple[str, ...]
    when: When
    group: str


FOCUSES = ("focus_neighbours", "focus_upstream", "focus_downstream", "focus_paths")

COMMANDS: tuple[Command, ...] = (
    Command("open", "Open…", ("Ctrl+O",), When.ALWAYS, "File"),
    Command("welcome", "Welcome page", (), When.ALWAYS, "File"),
    Command("open_beside", "Open a second result beside…", ("Ctrl+Shift+O",), When.RESULT, "File"),
    Command("save", "Save result…", ("Ctrl+S",), When.RESULT, "File"),
    Command("export", "Export picture…", ("E",), When.STAGE, "File"),
    Command("copy_picture", "Copy picture", ("Ctrl+Shift+C",), When.STAGE, "File"),
    Command("copy_python", "Copy as Python", (), When.RESULT, "File"),
    Command("quit", "Quit", ("Ctrl+Q",), When.ALWAYS, "File"),
    Command("run", "Run flow", ("Ctrl+R",), When.PLAN, "Run"),
    Command("compare", "Compare flows", ("Ctrl+Shift+R",), When.PLAN, "Run"),
    Command("choose_python", "Python of the engine…", (), When.ALWAYS, "Run"),
    Command("undo", "Undo choice", ("Ctrl+Z",), When.PLAN, "Run"),
    Command("redo", "Redo choice", ("Ctrl+Shift+Z",), When.PLAN, "Run"),
    Command("cancel", "Cancel run", ("Esc",), When.RUNNING, "Run"),
    Command("search", "Search nodes", ("Ctrl+F", "/"), When.STAGE, "Find"),
    Command("palette", "Search commands", ("Ctrl+K",), When.ALWAYS, "Find"),
    Command("next_observer", "Next observer", ("O",), When.STAGE, "Find"),
    Command("next_cast", "Next quantize or dequantize", ("Q",), When.STAGE, "Find"),
    Command("next_finding", "Next finding", ("N",), When.RESULT, "Find"),
    Command("previous_finding", "Previous finding", ("P",), When.RESULT, "Find"),
    Command("back", "Back to the node before", ("Alt+Left",), When.STAGE, "Find"),
    Command("forward", "Forward again", ("Alt+Right",), When.STAGE, "Find"),
    Command("bookmark", "Bookmark the node, with a note", ("B",), When.RESULT, "Find"),
    Command("fit", "Fit", ("F",), When.STAGE, "View"),
    Command("zoom_in", "Zoom in", ("+", "="), When.STAGE, "View"),
    Command("zoom_out", "Zoom out", ("-",), When.STAGE, "View"),
    Command("zoom_100", "Zoom to 100 %", ("0",), When.STAGE, "View"),
    Command("unfold_all", "Unfold all", ("Shift+U",), When.STAGE, "View"),
    Command("fold_all", "Fold all", ("Shift+F",), When.STAGE, "View"),
    Command("fold_others", "Fold all but the way to the selection", ("X",), When.STAGE, "View"),
    Command("hide_dimmed", "Hide what is dimmed", ("H",), When.STAGE, "View"),
    Command("turn", "Top-down or left-right", ("T",), When.STAGE, "View"),
    Command("swap", "Swap before and after", ("Space",), When.STAGE, "View"),
    Command("previous_stage", "Previous stage", ("[",), When.STAGE, "View"),
    Command("next_stage", "Next stage", ("]",), When.STAGE, "View"),
    Command("focus_neighbours", "Focus on neighbours, one hop more each time", ("K",), When.STAGE, "Find"),
    Command("focus_upstream", "Focus on what feeds it", ("U",), When.STAGE, "Find"),
    Command("focus_downstream", "Focus on what it feeds", ("D",), When.STAGE, "Find"),
    Command("focus_paths", "Focus on the ways from the node selected before", ("W",), When.STAGE, "Find"),
    Command("changes", "Show only what changed", ("C",), When.STAGE, "View"),
    Command("next_change", "Next change", (".",), When.STAGE, "View"),
    Command("previous_change", "Previous change", (",",), When.STAGE, "View"),
    Command("link_panes", "Move both panes together", ("L",), When.STAGE, "View"),
    Command("focus", "Only the panes", ("F9",), When.ALWAYS, "View"),
    Command("theme", "Light or dark", ("Ctrl+T",), When.ALWAYS, "View"),
    Command("api_help", "API help", ("F1",), When.ALWAYS, "Help"),
    Command("shortcuts", "Keys", ("?",), When.ALWAYS, "Help"),
)
