"""Words for calls that make no command; click finds them, and says them in its own words."""

from __future__ import annotations

import click

from qviz.words import tr


def usage_text(error: click.UsageError) -> str:
    """Return what is wrong with a call, in the language in use and in one line."""
    return " ".join(_text(error).split())


def _text(error: click.UsageError) -> str:
    match error:
        case click.MissingParameter(param=click.Parameter() as parameter):
            return _missing(error, parameter)
        case click.BadParameter(param=click.Parameter() as parameter):
            name = parameter.get_error_hint(error.ctx)
            return tr("Invalid value for {name}: {message}", name=name, message=error.message)
        case click.BadParameter():
            return tr("Invalid value: {message}", message=error.message)
        case click.NoSuchOption():
            text = tr("No such option '{name}'.", name=error.option_name)
            near = error.possibilities[0] if error.possibilities else ""
            return f"{text} {tr('Did you mean {near}?', near=near)}" if near else text
        case click.BadOptionUsage():
            return _misused(error)
    return error.message


def _missing(error: click.MissingParameter, parameter: click.Parameter) -> str:
    name = parameter.get_error_hint(error.ctx)
    if isinstance(parameter, click.Argument):
        return tr("Missing argument {name}.", name=name)
    choose = parameter.type.get_missing_message(param=parameter, ctx=error.ctx) or ""
    return f"{tr('Missing option {name}.', name=name)} {choose}"


def _misused(error: click.BadOptionUsage) -> str:
    """Return what the parser finds wrong: a value for a flag, or none for another option."""
    parameters = error.ctx.command.params if error.ctx is not None else []
    used = next((each for each in parameters if error.option_name in (*each.opts, *each.secondary_opts)), None)
    if isinstance(used, click.Option) and used.is_flag:
        return tr("Option '{name}' does not take a value.", name=error.option_name)
    return tr("Option '{name}' requires an argument.", name=error.option_name)
