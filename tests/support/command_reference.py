"""The page docs/reference/commands.md, made from the command line itself: ``make reference``."""

import re
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from kalshi_edge.cli.main import cli

HEAD = """# Commands

Every command with its arguments and options. This page is generated from the program
(`make reference`); `kalshi-edge COMMAND --help` prints the same.

`kalshi-edge --version` prints the version.
"""


def command_paths() -> list[tuple[str, ...]]:
    """Every command, sub-commands and groups included, by the words that call it."""
    return [path for path, _ in _walk((), get_command(cli))]


def _walk(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk((*path, name), child)


def reference() -> str:
    """The page's Markdown."""
    commands = list(_walk((), get_command(cli)))
    parts = [HEAD, _index(commands[1:])]
    for path, command in commands[1:]:
        parts.append(_section(path, command))
    return "\n".join(parts)


def _index(commands: list[tuple[tuple[str, ...], Any]]) -> str:
    rows = ["| command | does |", "|---|---|"]
    for path, command in commands:
        name = " ".join(path)
        anchor = f"kalshi-edge {name}".replace(" ", "-")
        rows.append(f"| [`{name}`](#{anchor}) | {_summary(command)} |")
    return "\n".join(rows) + "\n"


def _summary(command: Any) -> str:
    return _text(command.help).split("\n\n", 1)[0]


def _text(text: str | None) -> str:
    return re.sub(r"(?<!\n)\n(?!\n)", " ", (text or "").strip())


def _section(path: tuple[str, ...], command: Any) -> str:
    name = f"kalshi-edge {' '.join(path)}"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    lines = [f"## {name}", "", _text(command.help), ""]
    if hasattr(command, "commands") and not options:
        return "\n".join(lines)
    usage = [name, *(["[OPTIONS]"] if options else []), *map(_metavar, arguments)]
    lines += ["```", " ".join(usage), "```", ""]
    if command.params:
        lines += ["| argument or option | default | meaning |", "|---|---|---|"]
        lines += [_argument_row(one) for one in arguments]
        lines += [_option_row(one) for one in options]
        lines.append("")
    return "\n".join(lines)


def _metavar(argument: Any) -> str:
    name = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _argument_row(argument: Any) -> str:
    return f"| `{_metavar(argument)}` | {_default(argument)} | {_meaning(argument)} |"


def _option_row(option: Any) -> str:
    names = " / ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return f"| {names} | {_default(option)} | {_meaning(option)} |"


def _default(one: Any) -> str:
    if one.required:
        return "required"
    default = one.default
    if default is None or default == [] or default is False:
        return ""
    if default is True:
        return f"`{one.opts[0]}`"
    if hasattr(default, "isoformat"):
        return f"`{default:%Y-%m-%dT%H:%M}`"
    return f"`{getattr(default, 'value', default)}`"


def _meaning(one: Any) -> str:
    help_text = _text(getattr(one, "help", None)).replace("|", "\\|")
    choices = one.type_descriptor.choices
    if choices:
        listed = ", ".join(f"`{getattr(choice, 'value', choice)}`" for choice in choices)
        return f"{help_text} One of {listed}."
    low, high = one.min, one.max
    if low is not None and high is not None:
        return f"{help_text} From {low:,} to {high:,}."
    if low is not None:
        return f"{help_text} At least {low:,}."
    return help_text


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - its purpose
