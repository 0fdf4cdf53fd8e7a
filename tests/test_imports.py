"""Who imports what, each proved in a fresh interpreter."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def loaded_after(statement: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter holds after a statement."""
    script = f"{statement}\nimport sys, json; print('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def modules_of(*folders: str) -> list[str]:
    """Return the modules of some folders of the package."""
    names = []
    for folder in folders:
        path = [str(ROOT / "qviz" / folder)]
        names.append(f"qviz.{folder}")
        names += [module.name for module in pkgutil.walk_packages(path, prefix=f"qviz.{folder}.")]
    return [name for name in names if not name.endswith("__main__")]


def import_all(names: list[str]) -> str:
    return "\n".join(f"import {name}" for name in names)


def test_what_a_rule_of_a_user_imports_is_light():
    loaded = loaded_after(
        "from qviz import Evidence, Finding, Level; Finding.of('r', Level.INFO, 's', [], message='m')"
    )
    assert loaded & {"torch", "PySide6", "numpy", "networkx", "click"} == set()


def test_import_qviz_costs_nothing():
    loaded = loaded_after("import qviz; qviz.__version__")
    heavy = {"torch", "PySide6", "numpy", "networkx", "msgspec", "click", "rich"}
    assert not heavy & loaded


def test_the_public_functions_import_neither_torch_nor_qt():
    loaded = loaded_after("import qviz; qviz.inspect, qviz.snapshot, qviz.load, qviz.show, qviz.Snapshot")
    assert not {"torch", "PySide6", "numpy", "networkx"} & loaded


def test_an_unknown_name_is_an_attribute_error():
    import qviz

    with pytest.raises(AttributeError, match="has no attribute 'quantize'"):
        _ = qviz.quantize


def test_the_window_imports_no_torch():
    names = modules_of("ui", "session")
    assert len(names) > 5
    loaded = loaded_after(import_all(names))
    assert "torch" not in loaded
    assert "networkx" not in loaded, "it costs more than an empty window"


def test_the_engine_imports_no_qt():
    names = modules_of("engine")
    assert len(names) > 5
    loaded = loaded_after(import_all(names))
    assert "torch" in loaded
    assert not {name for name in loaded if name.startswith(("PySide6", "shiboken6"))}


def test_eager_and_fx_runs_import_neither_dynamo_nor_inductor():
    light = """
import importlib, io, sys, warnings
warnings.simplefilter("ignore")
from qviz.document.plan import Plan
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.server import serve
from qviz.engine.serving.warm_up import steps
def heavy():
    return {"torch._dynamo", "torch._inductor"} & sys.modules.keys()
reports = io.BytesIO()
serve(io.BytesIO(), reports)
assert b"EngineReady" in reports.getvalue()
assert not heavy() and "sympy" not in sys.modules, "ready"
for flow in ("eager-static", "fx-static"):
    assert run_plan(Plan(source="sample:conv-bn-relu", flow=flow), lambda _: None).run.status == "done"
    assert not heavy(), flow
    other = {"eager-static": "fx", "fx-static": "pt2e"}[flow]
    assert not {f"qviz.engine.{room}.{other}" for room in ("flows", "script")} & sys.modules.keys(), flow
    assert "qviz.engine.configuration.quantizers" not in sys.modules, flow
for name in steps():
    importlib.import_module(name)
assert heavy()
"""
    assert "torch.ao.quantization.quantize_fx" in loaded_after(light)


@pytest.mark.parametrize("command", ["flows", "samples"])
def test_the_quick_commands_stay_quick(command):
    loaded = loaded_after(f"from qviz import cli; cli.main([{command!r}, '--json'])")
    assert not {"torch", "PySide6", "numpy", "networkx", "rich"} & loaded


def test_render_of_a_result_imports_no_torch(tmp_path: Path):
    from qviz.document import codec
    from tests.factories import snapshot

    codec.save(snapshot(), tmp_path / "a.qviz")
    loaded = loaded_after(
        f"from qviz import cli\nassert cli.main(['render', {str(tmp_path / 'a.qviz')!r}, '-o', "
        f"{str(tmp_path / 'a.svg')!r}]) == 0"
    )
    assert "torch" not in loaded
