"""Makes the virtual environment .venv from a lock with hashes, by uv."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from installer import answers, base_python, find_uv, run_uv, uv_environment
from system_packages import say

OLDEST, NEWEST = (3, 10), (3, 13)
LOCKS = {"run": "run.lock", "dev": "dev.lock"}


def venv_python(root: Path) -> Path:
    """Return the interpreter inside .venv."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_stamp(root: Path) -> dict[str, str]:
    """Return what the last complete setup left, or nothing."""
    try:
        stamp = json.loads((root / ".venv" / "setup.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(root: Path, stamp: dict[str, str]) -> None:
    """Remember a complete setup; a half-written stamp can never be read."""
    path = root / ".venv" / "setup.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(stamp), encoding="utf-8")
    os.replace(fresh, path)


def wanted_set(command: str, stamp: dict[str, str]) -> str:
    """Return which lock to install: the development set holds all of the other and is never taken back."""
    return "dev" if command == "test" or stamp.get("set") == "dev" else "run"


def lock_hash(root: Path, which: str) -> str:
    """Return the fingerprint of a lock."""
    return hashlib.sha256((root / "requirements" / LOCKS[which]).read_bytes()).hexdigest()


def is_current(root: Path, which: str, stamp: dict[str, str]) -> bool:
    """Tell whether .venv holds the set as locked today."""
    return (
        stamp.get("set") == which
        and stamp.get("lock") == lock_hash(root, which)
        and os.access(venv_python(root), os.X_OK)
    )


def ensure(root: Path, command: str) -> None:
    """Bring .venv to the lock, unless it is there already.

    Raises:
        SetupError: It cannot be done.
    """
    if is_current(root, wanted_set(command, read_stamp(root)), read_stamp(root)):
        return
    with only_one(root / ".setup.lock"):
        which = wanted_set(command, read_stamp(root))  # another setup may have done it meanwhile
        if not is_current(root, which, read_stamp(root)):
            build(root, which)


def build(root: Path, which: str) -> None:
    """Make or update .venv; the stamp is written last, so that an interrupted setup is taken up again."""
    started = time.monotonic()
    uv = find_uv(root / "requirements" / "setup.lock")
    system = read_stamp(root).get("system", "")
    (root / ".venv" / "setup.json").unlink(missing_ok=True)
    if not fits(venv_version(root)) or not os.access(venv_python(root), os.X_OK):
        python = choose_python()
        say(f"Making .venv with Python {python}")
        run_uv([uv, "venv", "--quiet", "--clear", "--python", python, str(root / ".venv")])
    install(root, uv, which)
    write_path_file(root)
    write_stamp(root, {"set": which, "lock": lock_hash(root, which), "system": system})
    say(f"Done in {time.monotonic() - started:.0f} s")


def install(root: Path, uv: str, which: str) -> None:
    """Install the locked packages: from uv's cache if all are there, else from the network.

    Packages that the user added to .venv stay.
    """
    lock = root / "requirements" / LOCKS[which]
    command = [uv, "pip", "install", "--require-hashes", "--python", str(venv_python(root)), "-r", str(lock)]
    say(f"Installing the Python packages of requirements/{lock.name} into .venv")
    offline = subprocess.run(
        [*command, "--offline", "--quiet"], stderr=subprocess.DEVNULL, env=uv_environment(), check=False
    )
    if offline.returncode == 0:
        return
    if offline.returncode < 0:
        raise KeyboardInterrupt
    say(size_notice())
    run_uv(command)


def size_notice() -> str:
    """Say what is to be downloaded, before it is."""
    if sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64"):
        return (
            "torch 2.8.0 for Linux on x86-64 comes with CUDA: about 4 GB to download, 6.8 GB on disk, 6 to 10 minutes "
            "at 100 Mbit/s. Other checkouts of this machine share it. It may be interrupted and run again."
        )
    return "torch 2.8.0 and Qt: about 400 MB to download, 1.2 GB on disk; a minute or two. Done once for all checkouts."


def choose_python() -> str:
    """Return what to make .venv with: this Python if it fits, else another of the machine, else one that uv brings."""
    if fits(sys.version_info[:2]):
        return base_python()
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and answers([found, "-c", "import sys; print(sys.version_info[1])"]) == str(minor):
            return found
    say(
        f"Python {sys.version_info[0]}.{sys.version_info[1]} does not fit (3.10 to 3.13 does); uv brings one of its own"
    )
    return f"{NEWEST[0]}.{NEWEST[1] - 1}"


def fits(version: tuple[int, ...]) -> bool:
    """Tell whether qviz runs on that version of Python."""
    return OLDEST <= version[:2] <= NEWEST


def venv_version(root: Path) -> tuple[int, ...]:
    """Return the Python version of .venv, () if there is none."""
    try:
        text = (root / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return ()
    found = re.search(r"^version(?:_info)? *= *(\d+)\.(\d+)", text, re.MULTILINE)
    return tuple(int(part) for part in found.groups()) if found else ()


def write_path_file(root: Path) -> None:
    """Make qviz importable in .venv, by a relative path, so that the checkout may be moved."""
    for site in (root / ".venv").glob("Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages"):
        (site / "qviz.pth").write_text(os.path.relpath(root, site) + "\n", encoding="utf-8")


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock of a file: a second setup waits for the first."""
    with open(path, "a", encoding="utf-8") as file:
        if not take(file.fileno(), wait=False):
            say("Another setup of this checkout is at work; waiting for it")
            take(file.fileno(), wait=True)
        yield


def take(handle: int, wait: bool) -> bool:
    """Lock an open file until it is closed; tell whether that worked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                    return True
                except OSError:
                    if not wait:
                        return False
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
