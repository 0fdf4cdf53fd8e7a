"""Checks that this commit can be released, builds its wheel and sdist, and tries the wheel where nothing else is.

    python scripts/release.py              all of it; ./scripts/release is the same
    python scripts/release.py --check      only what needs neither network nor time

The tree has to be clean; the version, which qviz/version.py alone states, has to have its dated section in the change
log. Wheel and sdist are built twice, with the commit's time, and have to come out the same. The wheel is installed into
a fresh environment with the packages of requirements/run.lock, each verified by its hash, and there runs, draws and
checks samples without a display. Nothing is uploaded or tagged.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from installer import SetupError, find_uv, run_uv, uv_environment

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
TRIALS = (
    ("run", "sample:conv-bn-relu", "--flow", "fx-static", "-o", "a.qviz"),
    ("render", "a.qviz", "--side-by-side", "captured,converted", "-o", "a.svg", "-o", "a.png", "-o", "a.md"),
    ("check", "a.qviz", "--format", "sarif", "-o", "a.sarif"),
    ("render", "sample:conv-bn-relu", "--flow", "pt2e-static", "-o", "b.pdf"),
)
"""Commands that the wheel has to pass: an engine, Qt without a display, the shipped fonts and samples."""


class ReleaseError(Exception):
    """The commit cannot be released; the text says why."""


def main(argv: list[str]) -> int:
    """Check, build, try; return the exit code."""
    if argv not in ([], ["--check"]):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    try:
        version = checked_version(ROOT)
        print(f"qviz {version}: the tree is clean, and the change log has it")
        if not argv:
            build_and_try(version)
    except (ReleaseError, SetupError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def checked_version(root: Path) -> str:
    """Return the version of a checkout that can be released.

    Raises:
        ReleaseError: It cannot; all reasons at once.
    """
    version = stated_version(root)
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    faults = [*faults_of_version(version), *faults_of_changes(changes, version)]
    if changed := git(root, "status", "--porcelain"):
        faults.append("the tree is not clean:\n" + changed)
    tagged = git(root, "rev-list", "-n", "1", f"v{version}", "--", ok=(0, 128))
    if tagged and tagged != git(root, "rev-parse", "HEAD"):
        faults.append(f"the tag v{version} is at another commit")
    if faults:
        raise ReleaseError("\n".join(faults))
    return version


def stated_version(root: Path) -> str:
    """Return what qviz/version.py says, without importing it."""
    found = re.search(
        r'^__version__ = "(.+)"$', (root / "qviz" / "version.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1] if found else ""


def faults_of_version(version: str) -> Iterator[str]:
    """Yield why a version is none of a release."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f'qviz/version.py says "{version}", which is no version of a release such as 1.2.3'


def faults_of_changes(changes: str, version: str) -> Iterator[str]:
    """Yield what the change log lacks: the first section has to be that of the version, with a date."""
    heads = re.findall(r"^## (.+)$", changes, re.MULTILINE)
    if not heads or not re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", heads[0]):
        yield f"CHANGELOG.md begins with {heads[0] if heads else 'no section'}, not with [{version}] - YYYY-MM-DD"
    first = changes.partition("\n## ")[2].partition("\n## ")[0]
    parts = re.findall(r"^### (.+)$", first, re.MULTILINE)
    yield from (f'CHANGELOG.md has a part "{each}"; they are {", ".join(SECTIONS)}' for each in {*parts} - {*SECTIONS})
    if len(parts) != len(set(parts)):
        yield f"CHANGELOG.md has a part of [{version}] twice"
    if not re.search(r"^- ", first, re.MULTILINE):
        yield f"CHANGELOG.md says nothing of [{version}]"


def build_and_try(version: str) -> None:
    """Build what would be published into dist/, and try the wheel.

    Raises:
        ReleaseError: Two builds differ, or the wheel does not do what it should.
        SetupError: uv failed, and said why.
    """
    uv, out = find_uv(ROOT / "requirements" / "setup.lock"), ROOT / "dist"
    os.environ["SOURCE_DATE_EPOCH"] = git(ROOT, "log", "-1", "--format=%ct")
    with tempfile.TemporaryDirectory(prefix="qviz-release-") as folder:
        place = Path(folder)
        made = [built(uv, out, version), built(uv, place / "again", version)]
        if made[0] != made[1]:
            raise ReleaseError("two builds differ; a release can be built again by anybody")
        for name, digest in made[0].items():
            print(f"{digest}  dist/{name}")
        try_wheel(uv, out / f"qviz-{version}-py3-none-any.whl", place / "fresh", version)
    print(after(version))


def built(uv: str, out: Path, version: str) -> dict[str, str]:
    """Build the sdist, and the wheel from it; return the SHA-256 of each by its name."""
    locked = ["--build-constraint", str(ROOT / "requirements" / "build.lock"), "--require-hashes"]
    run_uv([uv, "build", "--quiet", "--sdist", "--wheel", "--out-dir", str(out), *locked, str(ROOT)])
    files = [out / f"qviz-{version}.tar.gz", out / f"qviz-{version}-py3-none-any.whl"]
    if missing := [each.name for each in files if not each.is_file()]:
        raise ReleaseError(f"the build did not make {', '.join(missing)}")
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


def try_wheel(uv: str, wheel: Path, place: Path, version: str) -> None:
    """Install the wheel with the locked packages into a fresh environment, and run the trials there."""
    environment, work = place / "venv", place / "work"
    work.mkdir(parents=True)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run_uv([uv, "venv", "--quiet", "--python", sys.executable, str(environment)])
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    run_uv([*install, "--require-hashes", "-r", str(ROOT / "requirements" / "run.lock")])
    run_uv([*install, "--no-deps", str(wheel)])
    qviz = str(python.with_name("qviz.exe" if os.name == "nt" else "qviz"))
    if version not in run_trial([qviz, "--version"], work):
        raise ReleaseError(f"the installed qviz does not say that it is {version}")
    for words in TRIALS:
        print(f"  qviz {' '.join(words)}", flush=True)
        run_trial([qviz, *words], work)
        outs = [work / name for flag, name in pairwise(words) if flag == "-o"]
        if empty := [each.name for each in outs if not each.is_file() or not each.stat().st_size]:
            raise ReleaseError(f"qviz {words[0]} wrote nothing into {', '.join(empty)}")


def run_trial(command: list[str], work: Path) -> str:
    """Run a command of the fresh environment, with a home of its own and without a display; return what it said."""
    hidden = ("PYTHONPATH", "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    own = {name: str(work / name.lower()) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    kept = {name: value for name, value in uv_environment().items() if name not in hidden}
    done = subprocess.run(
        command, cwd=work, env={**kept, **own}, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise ReleaseError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def git(root: Path, *words: str, ok: tuple[int, ...] = (0,)) -> str:
    """Return what git says.

    Raises:
        ReleaseError: It failed.
    """
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode not in ok:
        raise ReleaseError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip() if done.returncode == 0 else ""


def after(version: str) -> str:
    """Return what is left to a person."""
    return f"""
Ready. What is left to you:
  1. ./scripts/test on this commit, if it has not passed yet
  2. git tag --sign v{version} --message "qviz {version}" && git push origin v{version}
  3. publish the two files of dist/ (uv publish dist/qviz-{version}*), and the section of CHANGELOG.md with the tag
  4. set the next version in qviz/version.py, such as {next_version(version)}.dev0, and begin [Unreleased]"""


def next_version(version: str) -> str:
    """Return the next minor version."""
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
