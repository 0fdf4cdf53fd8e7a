"""Which engine places what."""

from __future__ import annotations

import pytest

from qviz.analysis.views.view import View
from qviz.errors import QvizError
from qviz.layout import choice
from qviz.layout.choice import engine_for

EMPTY = View(boxes=(), lines=(), box_of={})


def test_screen_needs_no_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "is_installed", lambda: True)
    assert engine_for(EMPTY, "screen").name == "graphlay"


@pytest.mark.parametrize(("installed", "name"), [(True, "dot"), (False, "graphlay")])
def test_picture_takes_dot_where_it_is(monkeypatch: pytest.MonkeyPatch, installed: bool, name: str) -> None:
    monkeypatch.setattr(choice, "is_installed", lambda: installed)
    assert engine_for(EMPTY, "picture").name == name


def test_named_engine() -> None:
    assert engine_for(EMPTY, "screen", "dot").name == "dot"
    with pytest.raises(QvizError, match="elk") as caught:
        engine_for(EMPTY, "screen", "elk")
    assert "graphlay" in caught.value.hint
