"""`qviz doctor`: what this machine has, and what it lacks."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from qviz.cli.commands import command
from qviz.cli.engine_options import takes_engine
from qviz.cli.options import debug_option, json_option
from qviz.cli.saying import say, say_json
from qviz.errors import ExitCode, QvizError
from qviz.log import log_path, start_log
from qviz.ui.shell.display import HEADLESS, display_fault
from qviz.version import __version__
from qviz.words import mark, tr
from qviz.words.formats import every, number

ENGINE_SECONDS = 60
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
}
"""What Qt's xcb platform loads on Linux, with the Debian package of each."""


class DoctorLine(NamedTuple):
    """One thing looked at: `ok` False where something is lacking, with what to do; `name` is in English, for tr."""

    name: str
    found: str
    ok: bool = True
    hint: str = ""


@command()
@takes_engine
@json_option
@debug_option
def doctor(as_json: bool) -> int:
    """Show what this machine has: versions, engine, dot, fonts, display, log file."""
    start_log()
    lines = list(_examine())
    if as_json:
        say_json({line.name: _as_json(line) for line in lines})
    else:
        width = max(len(tr(line.name)) for line in lines)
        for line in lines:
            say(f"{'ok' if line.ok else '!!'}  {tr(line.name):<{width}}  {line.found}")
            if line.hint:
                say(f"    {'':<{width}}  {line.hint}")
    engine_died = any(line.name == "engine" and not line.ok for line in lines)
    return ExitCode.ENGINE_DIED if engine_died else ExitCode.DONE


def _as_json(line: DoctorLine) -> dict[str, object]:
    return {"ok": line.ok, "found": line.found, **({"hint": line.hint} if line.hint else {})}


def _examine() -> Iterator[DoctorLine]:
    from platformdirs import user_cache_path

    yield DoctorLine("qviz", __version__)
    yield DoctorLine("python", tr("{version} at {path}", version=platform.python_version(), path=sys.executable))
    yield DoctorLine("system", platform.platform())
    for package in ("torch", "torchvision", "PySide6-Essentials", "graphlay", "networkx", "msgspec"):
        yield _package(package)
    yield _engine()
    yield _own_rules()
    yield _dot()
    yield _fonts()
    yield from _window()
    yield DoctorLine(mark("log file"), str(log_path()))
    yield DoctorLine(mark("cache"), str(user_cache_path("qviz", appauthor=False)))


def _package(name: str) -> DoctorLine:
    try:
        return DoctorLine(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        if name == "torchvision":
            return DoctorLine(name, tr("not installed (only torchvision.models need it: pip install qviz[zoo])"))
        return DoctorLine(name, tr("not installed"), False, tr("Install qviz again: it needs {name}.", name=name))


def _engine() -> DoctorLine:
    from qviz.cli.limits import Limits
    from qviz.wire.client import EngineClient
    from qviz.wire.interpreter import chosen, is_foreign
    from qviz.wire.messages import EngineHello, EngineReady

    started, host = time.monotonic(), ""
    try:
        with EngineClient() as engine, Limits(engine, ENGINE_SECONDS):
            for report in engine.reports():
                if isinstance(report, EngineHello):
                    host = report.host
                if isinstance(report, EngineReady):
                    seconds = time.monotonic() - started
                    backends = ", ".join(report.backends) or tr("none")
                    told = {"seconds": number(seconds, 2), "backends": backends, "python": chosen()}
                    if host:
                        text = tr("ready in {seconds} s on {host}; backends: {backends}", host=host, **told)
                        return DoctorLine("engine", text)
                    if is_foreign(chosen()):
                        return DoctorLine(
                            "engine", tr("ready in {seconds} s in {python}; backends: {backends}", **told)
                        )
                    return DoctorLine("engine", tr("ready in {seconds} s; backends: {backends}", **told))
    except QvizError as error:
        return DoctorLine("engine", error.message, False, error.hint)
    raise AssertionError("reports() ends only by an exception")


def _own_rules() -> DoctorLine:
    from qviz.sources.own_rules import listed_rules

    listed = listed_rules("")
    if listed is None:
        return DoctorLine(mark("own rules"), tr("none"))
    if listed.fault:
        return DoctorLine(
            mark("own rules"), f"{listed.file}: {listed.fault}", False, tr("Fix {file}.", file=listed.file.name)
        )
    return DoctorLine(mark("own rules"), tr("{rules} in {file}", rules=every(listed.targets), file=listed.file))


def _dot() -> DoctorLine:
    if shutil.which("dot") is None:
        return DoctorLine("dot", tr("not found"), False, tr("Review pictures need Graphviz: apt-get install graphviz."))
    answer = subprocess.run(["dot", "-V"], stderr=subprocess.PIPE, check=False, encoding="utf-8", errors="replace")
    return DoctorLine("dot", answer.stderr.strip())


def _fonts() -> DoctorLine:
    from qviz.assets import asset

    shipped = tr("{font} shipped", font=asset("fonts/Inter-Regular.otf").stem)
    if shutil.which("fc-list") is None:
        return DoctorLine("fonts", shipped)
    answer = subprocess.run(["fc-list", ":lang=zh", "family"], stdout=subprocess.PIPE, check=False, encoding="utf-8")
    families = sorted({line.split(",")[0] for line in answer.stdout.splitlines() if line})
    if not families:
        return DoctorLine(
            "fonts",
            tr("{fonts}; none for Chinese", fonts=shipped),
            False,
            tr("Install one: apt-get install fonts-noto-cjk."),
        )
    return DoctorLine("fonts", tr("{fonts}; for Chinese: {family}", fonts=shipped, family=families[0]))


def _window() -> Iterator[DoctorLine]:
    fault = display_fault()
    shown = os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    yield DoctorLine("display", fault or shown or tr("the system's own"), fault is None, tr(HEADLESS) if fault else "")
    if sys.platform == "linux":
        lacking = {library: package for library, package in LIBRARIES.items() if not _loads(library)}
        yield DoctorLine(
            mark("libraries of the window"),
            tr("missing: {names}", names=", ".join(lacking))
            if lacking
            else tr("all {count} found", count=len(LIBRARIES)),
            not lacking,
            tr("Install them: apt-get install {names}.", names=" ".join(lacking.values())) if lacking else "",
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
