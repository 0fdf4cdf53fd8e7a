"""Runs every check, in the development environment: form, types, layers, tests, coverage.

Arguments go to pytest; then the other checks run all the same, but coverage is not asked for.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

ROOT = Path(__file__).resolve().parents[1]
COVERED = ("document", "analysis", "layout", "wire", "session")
LEAST_PERCENT = 90
LAYERS = "from importlinter.cli import lint_imports_command as check; check()"
CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "--quiet", "."],
    "lint": ["-m", "ruff", "check", "--quiet", "."],
    "types": ["-m", "mypy", "--no-error-summary"],
    "layers": ["-c", LAYERS, "--no-logo"],
}


class Gate:
    """A pytest plugin: measures coverage, and says what failed before pytest's closing line.

    Attributes:
        faults: What is wrong besides the tests.
    """

    def __init__(self, faults: list[str], coverage: Coverage | None) -> None:
        self.faults = faults
        self._coverage = coverage

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the session for what pytest does not know of."""
        if self._coverage is not None:
            self._coverage.stop()
            self._coverage.save()
            self.faults += shortfalls(self._coverage)
        if self.faults and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the faults where they cannot be overlooked."""
        for fault in self.faults:
            terminalreporter.write_line(fault, red=True)


def shortfalls(coverage: Coverage) -> list[str]:
    """Return which folders the tests cover too little, with the files to look at."""
    faults = []
    for folder in COVERED:
        if not any((ROOT / "qviz" / folder).glob("[!_]*.py")):
            continue
        table = io.StringIO()
        percent = coverage.report(include=[f"qviz/{folder}/*"], file=table, show_missing=True, skip_covered=True)
        if percent < LEAST_PERCENT:
            faults.append(f"coverage of qviz/{folder} is {percent:.1f} %, below {LEAST_PERCENT} %\n{table.getvalue()}")
    return faults


def run_checks() -> list[str]:
    """Run the checks that are no tests; return those that failed."""
    failed = []
    for name, arguments in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        print(f"{name}: {'failed' if done.returncode else 'passed'} in {time.monotonic() - started:.1f} s", flush=True)
        if done.returncode:
            sys.stdout.buffer.write(done.stdout)
            sys.stdout.flush()
            failed.append(f"the check of {name} failed, see above")
    return failed


def main(arguments: list[str]) -> int:
    """Run everything; return 0 only if all is well."""
    os.chdir(ROOT)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path[:1] = []  # the folder of this script
    faults = run_checks()
    coverage = None
    if not arguments:
        coverage = Coverage(source=["qviz"], data_file=".coverage")
        coverage.start()
    return int(pytest.main(arguments, plugins=[Gate(faults, coverage)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
