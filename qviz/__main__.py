"""Starts the command line: `python -m qviz`, and the installed command `qviz`."""

from __future__ import annotations

import sys

from qviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
