from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from qviz.errors import QvizError
from qviz.wire.client import EngineClient
from qviz.wire.interpreter import VARIABLE, check, chosen, is_foreign
from qviz.wire.messages import EngineReady


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing in it."""
    folder = tmp_path_factory.mktemp("bare")
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    return folder / "bin" / "python"


def with_packages(python: Path, *names: str) -> None:
    """Let an environment see some packages of this one, and no others."""
    site = Path(
        subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip()
    )
    ours = Path(str(__import__("torch").__file__)).parents[1]
    for name in names:
        for found in [*ours.glob(name), *ours.glob(f"{name}-*.dist-info")]:
            if not (site / found.name).exists():
                (site / found.name).symlink_to(found)


def test_this_interpreter_unless_another_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen() == sys.executable
    assert not is_foreign(chosen())
    monkeypatch.setenv(VARIABLE, "/elsewhere/python")
    assert chosen() == "/elsewhere/python"
    assert is_foreign(chosen())


def test_what_an_interpreter_lacks_is_said_with_the_command_that_mends_it(bare: Path):
    with pytest.raises(QvizError, match="has no torch and no msgspec") as refused:
        check(str(bare))
    assert refused.value.hint == f'{bare} -m pip install "torch==2.8.0" msgspec'


@pytest.mark.parametrize("path", ["/nowhere/python", __file__, "/bin/true"])
def test_what_is_no_python_is_refused(path: str):
    with pytest.raises(QvizError, match="is not a Python"):
        check(path)


def test_an_engine_needs_torch_and_msgspec_and_nothing_else_of_ours(bare: Path):
    """The packages below are what `pip install torch msgspec` brings; none of qviz's other ones is there."""
    torchs = (
        "torch",
        "torchgen",
        "functorch",
        "typing_extensions*",
        "filelock",
        "sympy",
        "mpmath",
        "networkx",
        "jinja2",
    )
    with_packages(bare, *torchs, "markupsafe", "fsspec", "triton", "nvidia", "nvidia_*", "isympy*", "msgspec")
    assert check(str(bare)) == str(bare)
    with EngineClient(str(bare)) as engine:
        ready = next(engine.reports())
    assert isinstance(ready, EngineReady)
    assert ready.versions["torch"].startswith("2.8.")
