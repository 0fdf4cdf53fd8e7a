from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qviz.document.plan import Plan
from qviz.engine.loading.importing import forget
from qviz.engine.loading.source import Loaded, load
from qviz.errors import QvizError

NET = """
import torch

class Net(torch.nn.Module):
    width = {width}

    def __init__(self, *sizes, act="relu"):
        super().__init__()
        self.sizes, self.act = sizes, act

    @staticmethod
    def small():
        return Net(1)

    def forward(self, x):
        return x
"""


@pytest.fixture(autouse=True)
def own_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    forget()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def load_net(source: str, **fields: Any) -> Loaded:
    return load(Plan(source=source, inputs=("1x4",), **fields))


def test_a_saved_file_and_what_it_imports_are_read_again(tmp_path: Path):
    helper = write(tmp_path / "layers_of_net.py", "WIDTH = 3\n")
    file = write(
        tmp_path / "my_net.py",
        NET.format(width="layers.WIDTH").replace("import torch", "import torch, layers_of_net as layers"),
    )
    assert load_net(f"{file}:Net").module.width == 3
    helper.write_text("WIDTH = 44\n")
    file.write_text(file.read_text().replace("layers.WIDTH", "layers.WIDTH * 2"))
    assert load_net(f"{file}:Net").module.width == 88


def test_a_file_of_a_package_may_import_relatively(tmp_path: Path):
    write(tmp_path / "zoo" / "__init__.py", "")
    write(tmp_path / "zoo" / "sizes.py", "WIDTH = 7\n")
    file = write(tmp_path / "zoo" / "net.py", "from .sizes import WIDTH\n" + NET.format(width="WIDTH"))
    loaded = load_net(f"{file}:Net")
    assert type(loaded.module).__module__ == "zoo.net"
    assert loaded.module.width == 7


def test_a_file_never_hides_a_module_of_the_same_name(tmp_path: Path):
    file = write(tmp_path / "json.py", NET.format(width=1))
    assert load_net(f"{file}:Net").module.width == 1
    import json

    assert json.loads("1") == 1


def test_a_name_that_is_no_identifier_is_a_file_like_any_other(tmp_path: Path):
    assert load_net(f"{write(tmp_path / 'my-net v2.py', NET.format(width=5))}:Net").module.width == 5


def test_arguments_are_literals_by_position_or_by_name(tmp_path: Path):
    file = write(tmp_path / "my_net.py", NET.format(width=1))
    module = load_net(f"{file}:Net(3, -4, act='gelu')").module
    assert (vars(module)["sizes"], vars(module)["act"]) == ((3, -4), "gelu")
    assert load_net(f"{file}:Net.small").module.sizes == (1,)
    assert load_net(f"{file}:Net.small()").module.sizes == (1,)


def test_model_and_calibration_data_of_one_file_are_of_one_module(tmp_path: Path):
    file = write(
        tmp_path / "my_net.py", NET.format(width=1) + "\nprint('imported')\ndata = lambda: [torch.ones(1, 4)] * 2\n"
    )
    loaded = load_net(f"{file}:Net", calibrate=f"{file}:data")
    assert len(list(loaded.batches or ())) == 2
    assert sum(each is type(loaded.module) for each in vars(sys.modules["my_net"]).values()) == 1


def test_the_folder_of_the_user_is_importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path / "nets_of_mine" / "__init__.py", NET.format(width=9))
    monkeypatch.chdir(tmp_path)
    assert load_net("nets_of_mine:Net").module.width == 9


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("import sys\nsys.exit(3)\n", "SystemExit: it ends the program when it is imported at {file}:2", "__main__"),
        ("def f(:\n", "SyntaxError: .* at {file}:1", "Fix that line"),
        ("import os\nfrom no_such_thing import x\n", "No module named 'no_such_thing' at {file}:2", "no_such_thing"),
        ("def f():\n    raise OSError('gone')\n\nf()\n", "OSError: gone at {file}:2", "Fix that line"),
        ("get_ipython().system('ls')\n", "NameError: .* at {file}:1", "commands of the notebook"),
        ("import torch\n%matplotlib inline\n", "SyntaxError: .* at {file}:2", "commands of the notebook"),
        ("from .layers import Block\n", "ImportError: attempted relative import .* at {file}:1", "__init__.py"),
        ("open('/nowhere/labels')\n", "FileNotFoundError: .* at {file}:1", "Path\\(__file__\\)"),
        ("import torch\ntorch.ones(1).cuda()\n", "could not be imported: .* at {file}:2", "map_location"),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--d', required=True)\np.parse_args()\n",
            "SystemExit: it reads the command line when it is imported at {file}:4",
            "parse_args",
        ),
        ("if __name__ == '__main__':\n    Net = 1\n", "makes Net only where it runs as a program", "function"),
    ],
)
def test_an_import_that_fails_names_its_line(tmp_path: Path, text: str, message: str, hint: str):
    file = write(tmp_path / "does_not_import.py", text)
    with pytest.raises(QvizError, match=message.format(file=file)) as caught:
        load_net(f"{file}:Net")
    assert hint.replace("\\", "") in caught.value.hint
    assert "makes Net" in message or "does_not_import" not in sys.modules


def test_a_file_does_not_read_the_command_line_of_qviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["qviz", "check", "net.py"])
    text = f"import argparse\nargparse.ArgumentParser().parse_args()\n{NET.format(width=3)}"
    assert load_net(f"{write(tmp_path / 'reads_arguments.py', text)}:Net").module.width == 3
    assert sys.argv == ["qviz", "check", "net.py"]


LAZY = """
import sys, types
class Lazy(types.ModuleType):
    def __getattr__(self, name):
        raise ImportError("lazy import failed")
sys.modules["its_lazy_part"] = Lazy("its_lazy_part")
"""


def test_lazy_modules_are_left_alone(tmp_path: Path):
    write(tmp_path / "lazily.py", LAZY + NET.format(width=1))
    assert load_net(f"{tmp_path}/lazily.py:Net").module.width == 1
    forget()
    del sys.modules["its_lazy_part"]
