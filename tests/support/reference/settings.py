"""docs/reference/settings.md: what .env.example says of each setting, and what the code allows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr

from kalshi_edge.config import Settings

EXAMPLE = Path(__file__).resolve().parents[3] / ".env.example"
HEAD = """# Settings

Every setting of the trader is an environment variable or a line in `.env`, the environment first;
an empty one is as good as none. One that is missing or out of range stops the program with a
sentence that names it. This page is generated from [.env.example](../../.env.example) and from
the code (`make reference`). The settings of the dashboard's server are in
[deploy.md](../how-to/deploy.md#settings).

Prices, edges and fees are dollars per contract (0.05 = 5 cents), shares are of 1 (0.03 = 3 %). An
interval like (0, 0.5] holds its end at the square bracket and not the one at the round.
"""
TITLE = re.compile(r"^# --- (.*?) -+$")
LINE = re.compile(r"^([A-Z0-9_]+)=(.*)$")


@dataclass
class SettingGroup:
    """Settings that one comment explains."""

    comment: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)


def settings_page() -> str:
    """The page's Markdown."""
    parts = [HEAD]
    for title, groups in sections(EXAMPLE.read_text(encoding="utf-8")):
        parts.append(f"## {title[0].upper()}{title[1:]}\n")
        rows = ["| setting | default | allowed | meaning |", "|---|---|---|---|"]
        rows += [_row(group) for group in groups]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def sections(text: str) -> Iterator[tuple[str, list[SettingGroup]]]:
    """Title and groups of every section of the example."""
    title, groups, group = "", list[SettingGroup](), SettingGroup()
    for line in [*text.splitlines(), "# --- end ---"]:
        if found := TITLE.match(line):
            if title:
                yield title, [*groups, *([group] if group.lines else [])]
            title, groups, group = found[1], [], SettingGroup()
        elif setting := LINE.match(line):
            group.lines.append((setting[1], setting[2]))
        elif line.startswith("#"):
            if group.lines:
                groups.append(group)
                group = SettingGroup()
            group.comment.append(line.removeprefix("#").strip())


def _row(group: SettingGroup) -> str:
    names = "<br>".join(f"`{name}`" for name, _ in group.lines)
    defaults = "<br>".join(f"`{value}`" if value else "none" for _, value in group.lines)
    allowed = "<br>".join(_allowed(name) for name, _ in group.lines)
    meaning = " ".join(group.comment).replace("|", "\\|")
    return f"| {names} | {defaults} | {allowed} | {meaning} |"


def _allowed(name: str) -> str:
    """What the code lets through, as far as one bound or list says it."""
    info = Settings.model_fields[name.lower()]
    kind = _kind(info.annotation)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    if kind is bool:
        return "`true`, `false`"
    low = high = ""
    for bound in info.metadata:
        match bound:
            case Ge(ge=value):
                low = f"[{_figure(value)}"
            case Gt(gt=value):
                low = f"({_figure(value)}"
            case Le(le=value):
                high = f"{_figure(value)}]"
            case Lt(lt=value):
                high = f"{_figure(value)})"
            case _:
                pass
    if low or high:
        return f"{low or '(−∞'}, {high or '∞)'}"
    return {SecretStr: "secret", Path: "path", str: "text", tuple: "list"}.get(kind, "number")


def _figure(value: Any) -> str:
    """A bound without a tail of zeros."""
    return f"{Decimal(str(value)).normalize():f}"


def _kind(annotation: Any) -> Any:
    """The type of a setting without what may be missing."""
    if get_origin(annotation) in {Union, UnionType}:
        (annotation,) = (one for one in get_args(annotation) if one is not NoneType)
    origin = get_origin(annotation) or annotation
    return float if origin in {int, float, Decimal} else origin
