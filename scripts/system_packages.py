"""Finds and installs the Debian and Ubuntu packages that qviz needs from the system."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

DPKG_STATUS = Path("/var/lib/dpkg/status")

# Each entry names one need; any one of its packages meets it, the first is installed.
QT = (
    "libegl1",
    "libgl1",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libdbus-1-3",
    "libfontconfig1",
    "libglib2.0-0",
    "libx11-xcb1",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-image0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xkb1",
    "libxcb-randr0",
    "libxcb-xfixes0",
)
FONTS = (
    "fonts-dejavu-core|fonts-noto-core|fonts-liberation|fonts-freefont-ttf",
    "fonts-noto-cjk|fonts-wqy-microhei|fonts-wqy-zenhei|fonts-droid-fallback",
)
RUN = (*QT, "graphviz", *FONTS)
DEVELOP = (*RUN, "xvfb", "xauth")
SERVER = "openssh-server"
"""An engine on another machine is tested through a real sshd, which the tests start and stop themselves."""
STARTS_NOTHING = Path("/usr/sbin/policy-rc.d")
"""Containers have it, so that no installed package starts a service; on a desk sshd would start to listen."""

BY_HAND = {
    "darwin": "If Graphviz is missing: brew install graphviz (only review pictures need it).",
    "win32": "If Graphviz is missing: winget install Graphviz.Graphviz (only review pictures need it).",
    "linux": (
        "This is no Debian or Ubuntu. Install by hand: the libraries of Qt's xcb platform (xcb-util-cursor, "
        "xcb-util-wm, xcb-util-keysyms, xcb-util-image, xcb-util-renderutil, libxkbcommon-x11), libEGL, libGL, "
        "fontconfig, a Latin and a CJK font, graphviz."
    ),
}


def needs(which: str) -> tuple[str, ...]:
    """Return what the set ``run`` or ``dev`` needs; a server only where installing it does not start it."""
    if which != "dev":
        return RUN
    return (*DEVELOP, SERVER) if STARTS_NOTHING.exists() else DEVELOP


def mark(wanted: tuple[str, ...]) -> str:
    """Return a text that changes when the needs or the installed packages change; cheap."""
    changed = DPKG_STATUS.stat().st_mtime_ns if DPKG_STATUS.exists() else sys.platform
    return f"{hashlib.sha256(' '.join(wanted).encode()).hexdigest()[:16]} {changed}"


def missing(wanted: tuple[str, ...]) -> list[str]:
    """Return the packages to install so that every need is met."""
    form = "${db:Status-Status}\t${Package}\t${Provides}\n"
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", form], stdout=subprocess.PIPE, check=True, encoding="utf-8"
    ).stdout
    installed = set()
    for line in listing.splitlines():
        status, package, provides = line.split("\t")
        if status == "installed":
            installed.add(package)
            installed.update(name.split()[0] for name in provides.split(",") if name.strip())
    return [need.split("|")[0] for need in wanted if installed.isdisjoint(need.split("|"))]


def install_missing(wanted: tuple[str, ...]) -> bool:
    """Install what is missing through apt; return whether everything is there now.

    What cannot be installed is said, with the command to type; qviz then goes on, for a
    library may be there under another name, and the headless commands need few of them.
    """
    if not DPKG_STATUS.exists() or not shutil.which("apt-get"):
        say(BY_HAND.get(sys.platform, BY_HAND["linux"]))
        return True  # said once: the caller remembers it
    packages = missing(wanted)
    if not packages:
        return True
    command = as_root(["apt-get", "install", "-y", "--no-install-recommends", *packages])
    if command is None:
        say("These system packages are missing, and neither root nor sudo is at hand. Please run:")
        say("  apt-get install --no-install-recommends " + " ".join(packages))
        return False
    say("Installing system packages: " + " ".join(packages))
    run_quietly(as_root(["apt-get", "update"]) or [])
    if run_quietly(command):
        say("apt could not install them; going on without. Please run:")
        say("  apt-get update && apt-get install " + " ".join(packages))
        return False
    return True


def as_root(command: list[str]) -> list[str] | None:
    """Return the command line that runs `command` as root, or None if that cannot be."""
    if os.geteuid() == 0:
        return command
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    ask = [] if sys.stdin is not None and sys.stdin.isatty() else ["-n"]
    if ask and subprocess.run([sudo, "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        return None
    return [sudo, *ask, "env", "DEBIAN_FRONTEND=noninteractive", *command]


def run_quietly(command: list[str]) -> int:
    """Run a command, showing what it printed only if it failed; return its exit code."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=sys.stdin if sys.stdin is not None and sys.stdin.isatty() else subprocess.DEVNULL,
        check=False,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        say("\n".join(done.stdout.strip().splitlines()[-5:]))
    return done.returncode


def say(text: str) -> None:
    """Tell the user what setting up does; standard output belongs to the command itself."""
    print(f"[setup] {text}", file=sys.stderr, flush=True)
