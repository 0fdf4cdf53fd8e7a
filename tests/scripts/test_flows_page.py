"""The table of docs/flows.md is what the flows say of themselves."""

from __future__ import annotations

import pytest
from flows_page import PAGE, page, table

from qviz.document.flows import REGISTRY, Flow, Method, Mode, register


def test_the_page_is_as_the_flows_are():
    text = PAGE.read_text(encoding="utf-8")
    assert table() in text, "run python -m scripts.flows_page"
    assert page(text) == text
    assert page(text.replace("| `fx-fuse` |", "| `fx-fused` |")) == text


def test_a_flow_that_was_added_has_its_row(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(REGISTRY, "_items", dict(REGISTRY._items))
    register(
        Flow(
            id="mine",
            title="Mine",
            mode=Mode.FX,
            method=Method.STATIC,
            stages=("captured", "converted"),
            options=frozenset({"backend"}),
            calls=("prepare_fx", "my_convert"),
        )
    )
    assert table().endswith("| `mine` | prepare_fx, my_convert | captured, converted | `backend` |\n")
