"""docs/licenses.md lists every package of the lock."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "scripts"))

import licenses  # noqa: E402 - a script, beside the others


def test_every_package_of_the_lock_has_its_license_on_the_page():
    said = licenses.told(licenses.PAGE.read_text(encoding="utf-8"))
    assert [*said] == licenses.locked()
    assert "see its own pages" not in said.values()


def test_what_is_not_installed_here_keeps_its_line():
    before = licenses.PAGE.read_text(encoding="utf-8")
    assert licenses.told(licenses.page(before)).keys() == licenses.told(before).keys()
    assert licenses.license_of("no-such-package") is None
