"""`qviz SOURCE`: opens the window with a model or a result."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

import click

from qviz.cli.app import COMMANDS
from qviz.cli.commands import command, option
from qviz.cli.consent import is_trusted, typed_of
from qviz.cli.engine_options import memory_option, network_option, takes_engine
from qviz.cli.opening import open_window
from qviz.cli.options import debug_option, flow_option, is_snapshot, may_measure
from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.sources.kinds import kind_of
from qviz.words import mark, tr


@command(hidden=True)
@click.argument("source", required=False)
@flow_option(required=False, help_text=mark("Run this flow immediately."))
@may_measure
@takes_engine
@network_option
@memory_option
@option("--no-restore", is_flag=True, help=mark("Do not bring back the last session or earlier runs."))
@debug_option
def window(plan: Plan, no_restore: bool) -> int:
    """Open the window; without SOURCE, on what it showed last, or on the welcome page."""
    check_source(plan.source)
    if {"QVIZ_MEMORY", "QVIZ_NETWORK"} & set(os.environ):
        from qviz.cli.limits import refuse_elsewhere  # an empty window needs neither
        from qviz.wire.elsewhere import chosen

        refuse_elsewhere(chosen())
    is_model = bool(plan.source) and not is_snapshot(plan.source)
    return open_window(plan.source or None, plan if is_model else None, is_trusted(), typed_of(plan), not no_restore)


def check_source(source: str) -> None:
    """Refuse what cannot be a source before a window opens: a mistyped command, most likely.

    Raises:
        QvizError: It names no file and no attribute of a module.
    """
    kind = kind_of(source)
    if not source or ":" in source or Path(source).exists() or kind.is_result or kind.code_file(source):
        return
    near = get_close_matches(source, COMMANDS, n=1)
    hint = (
        tr("Did you mean qviz {near}?", near=near[0])
        if near
        else tr("Name a model as file.py:name, package.module:name or sample:NAME.")
    )
    raise QvizError(tr('"{source}" is neither a qviz command nor a model', source=source), hint)
