"""What refuses an option speaks the language in use, whole sentences at once."""

from __future__ import annotations

import click
import pytest

from qviz.cli.options import make_plan
from qviz.words.language import Language, using


@pytest.mark.parametrize(
    ("source", "flow", "chosen", "told"),
    [
        ("m.py:Net", "fx-static", {"strict": True}, "<--strict is for <PT2E flows>>"),
        ("m.py:Net", "fx-static", {"weight_dtype": "float16"}, "<--weight-dtype is for <weight-only flows>>"),
        ("m.py:Net", "pt2e-static", {"qconfig": "q"}, "eager-static, eager-qat, <<FX flows> except fx-fuse>"),
        ("m.py:Net", None, {"backend": "x86"}, "<--backend needs a --flow>"),
        (None, "fx-static", {}, "<--flow needs a SOURCE>"),
        ("a.qviz", None, {"seed": 3}, "<--seed does not apply to a.qviz, which is already a result>"),
    ],
)
def test_a_refusal_is_one_text(source: str | None, flow: str | None, chosen: dict[str, object], told: str):
    with using(Language("angular", finish=lambda text: f"<{text}>")), pytest.raises(click.UsageError) as refused:
        make_plan(source, flow, chosen)
    assert told in refused.value.message


def test_what_nobody_chose_is_not_refused():
    untouched: dict[str, object] = {"inputs": (), "reference": False, "lower": False, "seed": 0, "strict": None}
    assert make_plan("m.py:Net", "fx-static", untouched).flow == "fx-static"
