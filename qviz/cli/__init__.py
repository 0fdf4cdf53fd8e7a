"""The command line; every command is imported only when it is called."""

from __future__ import annotations

from qviz.cli.app import main as main
