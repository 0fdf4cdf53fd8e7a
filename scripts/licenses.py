"""Writes docs/licenses.md: every package that qviz installs, with its license, from the lock and their metadata.

Run it in the development environment after a change of requirements/run.lock. A package for other systems only, which
is not installed here, keeps the line that it has.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licenses.md"
_LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==", re.MULTILINE)
_ROW = re.compile(r"^\| ([\w.-]+) \| (.+) \|$", re.MULTILINE)
_TITLES = "package"

HEAD = """# Licenses

qviz is under Apache-2.0, the font Inter in `resources/fonts` under the SIL Open Font License 1.1. It installs the
packages below and contains none of them. Two are worth a word:

- **PySide6-Essentials and shiboken6** are used under LGPL-3.0-only: qviz links to Qt dynamically, as pip installs it,
  so you can replace it by your own build.
- **The nvidia packages** come along with torch on Linux x86-64 and are proprietary; torch without CUDA needs none of
  them ([install.md](install.md)).

`scripts/licenses.py` writes this page from `requirements/run.lock`.

| package | license |
|---|---|
"""


def locked() -> list[str]:
    """Return the names of the packages in the lock."""
    return sorted(set(_LOCKED.findall((ROOT / "requirements" / "run.lock").read_text(encoding="utf-8"))))


def told(page: str) -> dict[str, str]:
    """Return the licenses that a page has, by package."""
    return {name: said for name, said in _ROW.findall(page) if name != _TITLES}


def license_of(name: str) -> str | None:
    """Return what a package's metadata says; None of one that is not installed."""
    try:
        found: Any = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classes = [each.rpartition(":: ")[2] for each in found.get_all("Classifier") or [] if each.startswith("License")]
    said = found.get("License-Expression") or (found.get("License") or "").strip().partition("\n")[0]
    return said if said and len(said) < 80 else ", ".join(classes) or None


def page(before: str) -> str:
    """Return the page; what is not installed keeps its line in the one before."""
    known = told(before)
    rows = ((name, license_of(name) or known.get(name, "see its own pages")) for name in locked())
    return HEAD + "".join(f"| {name} | {said} |\n" for name, said in rows)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""), encoding="utf-8")
