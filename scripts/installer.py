"""Finds uv, which installs all other Python packages, or installs it into the user's cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from system_packages import as_root, run_quietly, say

OLDEST_UV = (0, 5)
BUNDLED_PIP = """
import ensurepip, pathlib
print(next((pathlib.Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")))
"""


class SetupError(Exception):
    """Setting up cannot continue; the text says why, and what to do."""


def find_uv(lock: Path) -> str:
    """Return a working uv: the user's own, or one kept apart in the user's cache.

    Raises:
        SetupError: There is none and it cannot be installed.
    """
    home = user_cache() / "qviz" / "tools" / f"uv-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    own = home / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and uv_version(candidate) >= OLDEST_UV:
            return candidate
    say("Installing uv, which installs the rest (20 MB)")
    fresh = home.with_name(f"{home.name}.{os.getpid()}")
    pip = find_pip()
    target = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
    ]
    code = run_quietly([*pip, *target, "--target", str(fresh), "-r", str(lock)])
    if code or not (fresh / "bin").is_dir():
        raise SetupError("pip could not install uv. Install uv by hand (docs.astral.sh/uv) and run this again.")
    shutil.rmtree(home, ignore_errors=True)
    os.replace(fresh, home)
    return str(own)


def uv_version(uv: str) -> tuple[int, ...]:
    """Return the version of a uv that works, else ()."""
    try:
        answer = subprocess.run(
            [uv, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, encoding="utf-8"
        )
    except OSError:
        return ()
    found = re.match(r"uv (\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()


def find_pip() -> list[str]:
    """Return a command line that runs pip.

    Debian splits both pip and ensurepip from Python; then apt brings pip.

    Raises:
        SetupError: There is none.
    """
    pip = pip_command()
    if not pip and shutil.which("apt-get"):
        apt = as_root(["apt-get", "install", "-y", "--no-install-recommends", "python3-pip"])
        say("Installing the system package python3-pip")
        if apt and run_quietly(apt) == 0:
            pip = pip_command()
    if not pip:
        raise SetupError("There is neither uv nor pip. Install uv (docs.astral.sh/uv) or pip, and run this again.")
    return pip


def pip_command() -> list[str]:
    """Return a command line that runs the pip of this Python, or the one that Python keeps for venv; else nothing."""
    python = base_python()
    if answers([python, "-m", "pip", "--version"]):
        return [python, "-m", "pip"]
    wheel = answers([python, "-c", BUNDLED_PIP])
    return [python, f"{wheel}/pip"] if wheel else []


def answers(command: list[str]) -> str:
    """Return what a command printed, or nothing if it failed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, encoding="utf-8")
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def user_cache() -> Path:
    """Return the folder for what can be made again."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def base_python() -> str:
    """Return this interpreter, or the one its virtual environment was made from."""
    python = getattr(sys, "_base_executable", None) or sys.executable
    return str(python) if os.name == "nt" else os.path.realpath(python)


def run_uv(command: list[str]) -> None:
    """Run uv in sight of the user.

    Raises:
        SetupError: uv failed; it said why.
    """
    code = subprocess.run(command, env=uv_environment(), stdout=sys.stderr, check=False).returncode
    if code:
        raise SetupError(
            f"uv {command[1]} ended with code {code}. "
            "Fix the problem reported above and run this again; it continues where it stopped."
        )


def uv_environment() -> dict[str, str]:
    """Return this environment without what would lead uv to another interpreter."""
    astray = ("UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_BREAK_SYSTEM_PACKAGES", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME")
    return {name: value for name, value in os.environ.items() if name not in astray}
