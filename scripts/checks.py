"""Runs every check, in the development environment: form, types, layers, tests, coverage.

Arguments go to pytest; then the other checks run all the same, but coverage is not asked for. Without arguments the
whole suite runs in as many processes as there are cores, up to four.
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


MOST_WORKERS = 4
"""A worker that has imported torch takes a gigabyte, and its engines as much again."""


class Gate:
    """A pytest plugin: asks for coverage, and says what failed before pytest's closing line.

    Attributes:
        faults: What is wrong besides the tests.
    """

    def __init__(self, faults: list[str], is_covered: bool) -> None:
        self.faults = faults
        self._is_covered = is_covered

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the session for what pytest does not know of; all workers have ended by then."""
        if self._is_covered:
            coverage = Coverage(source=["qviz"])
            coverage.combine()
            coverage.save()
            self.faults += shortfalls(coverage)
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
    keep_bytecode()
    sys.path[:1] = [str(ROOT)]  # instead of the folder of this script
    faults = run_checks()
    is_whole = not arguments
    if is_whole:
        Coverage().erase()
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker for each core, and torch would take all in each
        arguments = in_workers(min(os.cpu_count() or 1, MOST_WORKERS))
    return int(pytest.main(arguments, plugins=[Gate(faults, is_covered=is_whole)]))


def keep_bytecode() -> None:
    """Let all processes of the tests share what one compiled, beside the packages and not in the sources.

    Some environments forbid bytecode; then each of hundreds of engines and commands would compile torch's sources
    anew, which takes twice as long as importing them.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "bytecode"))


def in_workers(count: int) -> list[str]:
    """Return the arguments that spread the tests over processes; files stay together until one has nothing left.

    The slowest are told: the whole is to take less than a quarter of an hour.
    """
    return ["-n", str(count), "--dist", "worksteal", "-p", "scripts.worker_coverage", "--durations", "25"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
