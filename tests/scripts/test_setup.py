"""The logic of setting up, with a machine made of files: no network, no apt, no root."""

from __future__ import annotations

import ast
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def scripts(monkeypatch):
    """Return the setup modules, imported as their own entry point imports them."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    names = ("system_packages", "installer", "python_environment", "setup")
    modules = SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    yield modules
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a checkout with locks, without .venv."""
    (tmp_path / "requirements").mkdir()
    for name in ("run", "dev", "setup"):
        (tmp_path / "requirements" / f"{name}.lock").write_text(f"{name}==1\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def uv(scripts, monkeypatch):
    """Replace uv: it makes what the setup looks at, and notes how it was called."""
    calls: list[list[str]] = []

    def make_venv(command: list[str]) -> None:
        calls.append(command)
        if command[1] == "venv":
            venv = Path(command[-1])
            shutil.rmtree(venv, ignore_errors=True)  # as --clear does
            (venv / "bin").mkdir(parents=True, exist_ok=True)
            (venv / "lib" / "python3.11" / "site-packages").mkdir(parents=True, exist_ok=True)
            (venv / "bin" / "python").symlink_to(sys.executable)
            (venv / "pyvenv.cfg").write_text("version_info = 3.11.7\n", encoding="utf-8")

    environment = scripts.python_environment
    monkeypatch.setattr(environment, "run_uv", make_venv)
    monkeypatch.setattr(environment, "find_uv", lambda lock: "uv")
    monkeypatch.setattr(environment, "choose_python", lambda: "python3")
    monkeypatch.setattr(environment, "install", lambda root, uv, which: calls.append([uv, "install", which]))
    return calls


def stamp_of(root: Path) -> dict[str, str]:
    return json.loads((root / ".venv" / "setup.json").read_text(encoding="utf-8"))


def test_a_fresh_checkout_gets_an_environment(scripts, root, uv):
    scripts.python_environment.ensure(root, "run")
    assert [call[1] for call in uv] == ["venv", "install"]
    assert stamp_of(root)["set"] == "run"
    site = root / ".venv" / "lib" / "python3.11" / "site-packages"
    assert (site / (site / "qviz.pth").read_text().strip()).resolve() == root


def test_nothing_is_done_twice(scripts, root, uv):
    scripts.python_environment.ensure(root, "run")
    uv.clear()
    scripts.python_environment.ensure(root, "run")
    assert uv == []


def test_a_changed_lock_is_installed_into_the_same_environment(scripts, root, uv):
    scripts.python_environment.ensure(root, "run")
    uv.clear()
    (root / "requirements" / "run.lock").write_text("run==2\n", encoding="utf-8")
    scripts.python_environment.ensure(root, "run")
    assert uv == [["uv", "install", "run"]]


def test_the_development_set_satisfies_a_run_and_stays(scripts, root, uv):
    scripts.python_environment.ensure(root, "test")
    uv.clear()
    scripts.python_environment.ensure(root, "run")
    assert uv == []
    (root / "requirements" / "dev.lock").write_text("dev==2\n", encoding="utf-8")
    scripts.python_environment.ensure(root, "run")
    assert uv == [["uv", "install", "dev"]]


def test_an_interrupted_setup_is_taken_up_again(scripts, root, uv, monkeypatch):
    environment = scripts.python_environment
    whole = environment.install

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.ensure(root, "run")
    assert environment.read_stamp(root) == {}
    monkeypatch.setattr(environment, "install", whole)
    environment.ensure(root, "run")
    assert [call[1] for call in uv] == ["venv", "install"], "the environment that stood already is kept"


def test_an_interrupted_update_leaves_no_stamp(scripts, root, uv, monkeypatch):
    environment = scripts.python_environment
    environment.ensure(root, "run")
    (root / "requirements" / "run.lock").write_text("run==2\n", encoding="utf-8")

    def failing(*_):
        raise scripts.installer.SetupError("no network")

    monkeypatch.setattr(environment, "install", failing)
    with pytest.raises(scripts.installer.SetupError):
        environment.ensure(root, "run")
    assert environment.read_stamp(root) == {}


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"'])
def test_a_damaged_stamp_counts_as_none(scripts, root, content):
    (root / ".venv").mkdir()
    (root / ".venv" / "setup.json").write_text(content, encoding="utf-8")
    assert scripts.python_environment.read_stamp(root) == {}


def test_an_environment_whose_python_is_gone_is_made_anew(scripts, root, uv):
    scripts.python_environment.ensure(root, "run")
    python = root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(root / "gone")
    uv.clear()
    scripts.python_environment.ensure(root, "run")
    assert [call[1] for call in uv] == ["venv", "install"]


@pytest.mark.parametrize(
    ("version", "fits"), [((3, 9), False), ((3, 10), True), ((3, 13), True), ((3, 14), False), ((), False)]
)
def test_which_python_fits(scripts, version, fits):
    assert scripts.python_environment.fits(version) is fits


def test_a_python_that_does_not_fit_gives_way_to_another(scripts, tmp_path, monkeypatch):
    environment = scripts.python_environment
    monkeypatch.setattr(environment, "sys", SimpleNamespace(version_info=(3, 9, 2)))
    for name in ("python3.13", "python3.12"):
        (tmp_path / name).write_text("#!/bin/sh\n" + ("exit 1\n" if name.endswith("13") else "echo 12\n"))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.choose_python() == str(tmp_path / "python3.12"), "python3.13 is there but does not work"


def test_without_any_uv_brings_its_own(scripts, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scripts.python_environment, "sys", SimpleNamespace(version_info=(3, 14, 0)))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert scripts.python_environment.choose_python() == "3.12"
    assert "3.14 does not fit" in capsys.readouterr().err


def test_a_second_setup_waits(scripts, tmp_path):
    environment = scripts.python_environment
    with environment.only_one(tmp_path / "lock"):
        other = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import python_environment as e\n"
                f"print(e.take(open({str(tmp_path / 'lock')!r}, 'a').fileno(), wait=False))",
            ],
            capture_output=True,
            check=True,
            text=True,
        )
    assert other.stdout.strip() == "False"


def test_a_uv_that_does_not_work_is_passed_over(scripts, tmp_path, monkeypatch):
    broken = tmp_path / "uv"
    broken.write_text("#!/bin/sh\necho 'pyenv: uv: command not found' >&2; exit 127\n")
    broken.chmod(0o755)
    assert scripts.installer.uv_version(str(broken)) == ()
    assert scripts.installer.uv_version(str(tmp_path / "none")) == ()
    broken.write_text("#!/bin/sh\necho 'uv 0.9.1 (x86_64)'\n")
    assert scripts.installer.uv_version(str(broken)) == (0, 9, 1)


def test_uv_is_not_led_astray(scripts, monkeypatch):
    monkeypatch.setenv("UV_SYSTEM_PYTHON", "1")
    monkeypatch.setenv("UV_INDEX_URL", "mirror")
    environment = scripts.installer.uv_environment()
    assert "UV_SYSTEM_PYTHON" not in environment
    assert environment["UV_INDEX_URL"] == "mirror"


DPKG_QUERY = """#!/bin/sh
printf 'installed\\tlibegl1\\t\\n'
printf 'installed\\tlibglib2.0-0t64\\tlibglib2.0-0 (= 2.80.0)\\n'
printf 'config-files\\tgraphviz\\t\\n'
printf 'installed\\tfonts-wqy-zenhei\\t\\n'
"""


@pytest.fixture
def debian(scripts, tmp_path, monkeypatch):
    """Make this machine a Debian of four packages, with an apt-get that notes what it is asked."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, text in {"dpkg-query": DPKG_QUERY, "apt-get": f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n'}.items():
        (bin_folder / name).write_text(text)
        (bin_folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder))
    (tmp_path / "status").touch()
    monkeypatch.setattr(scripts.system_packages, "DPKG_STATUS", tmp_path / "status")
    return SimpleNamespace(packages=scripts.system_packages, asked=tmp_path / "asked", bin=bin_folder)


WANTED = ("libegl1", "libglib2.0-0", "graphviz", "fonts-noto-cjk|fonts-wqy-zenhei", "xvfb|xserver")


def test_what_is_missing_is_found(debian):
    assert debian.packages.missing(WANTED) == ["graphviz", "xvfb"]


def test_a_server_is_installed_only_where_nothing_starts_it(debian, tmp_path, monkeypatch):
    monkeypatch.setattr(debian.packages, "STARTS_NOTHING", tmp_path / "policy-rc.d")
    assert "openssh-server" not in debian.packages.needs("dev")
    (tmp_path / "policy-rc.d").touch()
    assert "openssh-server" in debian.packages.needs("dev")
    assert "openssh-server" not in debian.packages.needs("run")


def test_root_installs_it(debian, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert debian.packages.install_missing(WANTED)
    assert debian.asked.read_text().splitlines() == ["update", "install -y --no-install-recommends graphviz xvfb"]


def test_with_neither_root_nor_sudo_it_is_said(debian, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not debian.packages.install_missing(WANTED)
    assert "apt-get install --no-install-recommends graphviz xvfb" in capsys.readouterr().err
    assert not debian.asked.exists()


def test_sudo_that_would_ask_where_nobody_answers_is_not_called(debian, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (debian.bin / "sudo").write_text("#!/bin/sh\nexit 1\n")
    (debian.bin / "sudo").chmod(0o755)
    assert debian.packages.as_root(["apt-get", "update"]) is None


def test_sudo_is_used(debian, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (debian.bin / "sudo").write_text("#!/bin/sh\nexit 0\n")
    (debian.bin / "sudo").chmod(0o755)
    assert debian.packages.as_root(["apt-get", "update"])[-2:] == ["apt-get", "update"]


def test_a_failing_apt_is_said_and_does_not_stop(debian, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (debian.bin / "apt-get").write_text("#!/bin/sh\necho E: no network; exit 100\n")
    assert not debian.packages.install_missing(WANTED)
    told = capsys.readouterr().err
    assert "E: no network" in told
    assert "Please run" in told


def test_nothing_missing_is_quiet(debian, capsys):
    assert debian.packages.install_missing(("libegl1",))
    assert capsys.readouterr().err == ""
    assert not debian.asked.exists()


@pytest.mark.parametrize(("system", "told"), [("darwin", "brew"), ("win32", "winget"), ("linux", "by hand")])
def test_without_apt_it_is_said_once(scripts, tmp_path, monkeypatch, capsys, system, told):
    monkeypatch.setattr(scripts.system_packages, "DPKG_STATUS", tmp_path / "none")
    monkeypatch.setattr(scripts.system_packages, "sys", SimpleNamespace(platform=system, stderr=sys.stderr))
    assert scripts.system_packages.install_missing(WANTED), "said once, it counts as done"
    assert told in capsys.readouterr().err


def test_the_mark_changes_with_the_needs_and_the_machine(debian, tmp_path):
    mark = debian.packages.mark(WANTED)
    assert debian.packages.mark(WANTED) == mark
    assert debian.packages.mark(WANTED[:-1]) != mark
    os.utime(tmp_path / "status", ns=(1, 1))
    assert debian.packages.mark(WANTED) != mark


def test_another_word_explains_itself(scripts, capsys):
    assert scripts.setup.main(["build"]) == 2
    assert "python scripts/setup.py run" in capsys.readouterr().err


def test_an_interruption_says_how_to_go_on(scripts, monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(scripts.setup, "set_up", interrupted)
    assert scripts.setup.main(["run"]) == 130
    assert "run it again" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["run", "dev", "setup"])
def test_the_locks_name_no_address_and_hash_everything(name):
    lock = (SCRIPTS.parent / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    entries = [entry for entry in lock.replace("\\\n", " ").splitlines() if entry.strip() and not entry.startswith("#")]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_development_lock_holds_the_other():
    def pins(name):
        lock = (SCRIPTS.parent / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
        return {line.split("\\")[0].strip() for line in lock.splitlines() if line and line[0].isalnum()}

    assert pins("run") <= pins("dev")


@pytest.mark.parametrize("name", ["setup", "system_packages", "installer", "python_environment"])
def test_setting_up_starts_with_an_old_python(name):
    text = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 8))
    assert "from __future__ import annotations" in text
