"""Sets up whatever qviz lacks on this machine, then runs it or its checks.

    python scripts/setup.py run [ARGS]     qviz with ARGS; ./scripts/qviz is the same
    python scripts/setup.py test [ARGS]    every check, ARGS to pytest; ./scripts/test is the same

Needs nothing but Python 3.8 to start; quiet when nothing is missing. What it made stands in
.venv (delete it to begin anew), in uv's cache, and in the system's package database.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import python_environment
import system_packages
from installer import SetupError
from python_environment import venv_python
from system_packages import say

ROOT = Path(__file__).resolve().parents[1]

# Like `-m qviz`, but a file of the user's folder never shadows the standard library.
START = "import sys; sys.path[:1] == [''] and sys.path.pop(0); from qviz.__main__ import main; sys.exit(main())"


def main(argv: list[str]) -> int:
    """Set up, then run; return the exit code."""
    if not argv or argv[0] not in ("run", "test"):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    command, arguments = argv[0], argv[1:]
    try:
        set_up(command)
    except SetupError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("Interrupted; run it again to continue")
        return 130
    python = str(venv_python(ROOT))
    if command == "run":
        return start([python, "-c", START, *arguments])
    return start([python, str(ROOT / "scripts" / "checks.py"), *arguments])


def set_up(command: str) -> None:
    """Install what is missing of the system, then of Python.

    Raises:
        SetupError: It cannot be done.
    """
    stamp = python_environment.read_stamp(ROOT)
    wanted = system_packages.needs(python_environment.wanted_set(command, stamp))
    known = stamp.get("system") == system_packages.mark(wanted)
    complete = known or system_packages.install_missing(wanted)
    give_up_root()
    python_environment.ensure(ROOT, command)
    if complete and not known:
        stamp = python_environment.read_stamp(ROOT)
        python_environment.write_stamp(ROOT, {**stamp, "system": system_packages.mark(wanted)})


def give_up_root() -> None:
    """Under sudo, go on as the user who called it, if the checkout is theirs: .venv must be, too."""
    uid = os.environ.get("SUDO_UID", "")
    if os.name == "nt" or os.geteuid() != 0 or not uid.isdigit() or uid == "0" or ROOT.stat().st_uid != int(uid):
        return
    import pwd

    user = pwd.getpwuid(int(uid))
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)


def start(command: list[str]) -> int:
    """Become the command; where that cannot be, run it and return its exit code."""
    if os.name != "nt":
        os.execv(command[0], command)
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
