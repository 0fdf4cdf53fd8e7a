"""Says things on the terminal, which obeys no name that a model or a result brought along."""

from __future__ import annotations

import click

from qviz.words.visible import escaped_json, visible


def say(text: str, nl: bool = True, err: bool = False) -> None:
    """Write a text for people; control and bidi characters are written out."""
    click.echo(visible(text), nl=nl, err=err)


def say_data(text: str) -> None:
    """Write JSON, or another format for programs, as it is; what a terminal would obey is an escape of JSON."""
    click.echo(escaped_json(text), nl=False)


def say_json(value: object) -> None:
    """Write a value as JSON."""
    import json

    say_data(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
