"""Says things on the terminal, which obeys no name that a model or a result brought along."""

from __future__ import annotations

import click

from qviz.words.visible import visible


def say(text: str, nl: bool = True, err: bool = False) -> None:
    """Write a text for people; control and bidi characters are written out."""
    click.echo(visible(text), nl=nl, err=err)
