"""The engine process: ``python -m qviz.engine`` speaks on its standard streams."""

from __future__ import annotations

import os
import sys
import warnings


def main() -> None:
    """Keep the real standard output for the wire, point print at standard error, and serve."""
    wire = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.ao's deprecation notes at import
        from qviz.engine.server import serve
    serve(sys.stdin.buffer, wire)


if __name__ == "__main__":
    main()
