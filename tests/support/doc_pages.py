"""The pages of the documentation as a test reads them: headings, links, command blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN_LANGUAGES = ("console", "python", "sh", "bash")
FENCE = re.compile(r"^( *)```([\w.-]*)[^\n]*\n(.*?)^\1```[ ]*$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (run|run by|not run): ((?:(?!-->).)*?) -->\n\Z", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of commands or of Python, and the mark before it that says how it is run."""

    page: str
    line: int
    language: str
    text: str
    mark: str
    """``run``, ``run by`` or ``not run``; a block without a mark is run alone."""
    detail: str
    """The world that it is run in, the test that runs it, or why it is not run."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> tuple[Path, ...]:
    """Every page: those of docs/ and those beside it."""
    return (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))


def name_of(page: Path) -> str:
    """Where a page is, from the project's folder."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page that somebody may copy and run, in order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        indent, language, body = found.groups()
        if language in RUN_LANGUAGES:
            mark = MARK.search(text[: found.start()])
            kind, detail = mark.groups() if mark else ("run", "alone")
            lines = (line.removeprefix(indent) for line in body.splitlines())
            line = text.count("\n", 0, found.start()) + 1
            detail = " ".join(detail.split())
            yield Block(name_of(page), line, language, "\n".join(lines) + "\n", kind, detail)


def prose(page: Path) -> str:
    """A page without its blocks and without code in its lines."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> Iterator[str]:
    """Where a page points to."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    yield from LINK.findall(text)


def anchors(page: Path) -> frozenset[str]:
    """The places of a page that a link may point at."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return frozenset(anchor(heading) for heading in HEADING.findall(text))


def anchor(heading: str) -> str:
    """A heading's anchor, as the site and the repository both make it.

    >>> anchor("`kalshi-edge store` and [its file](x.md): why?")
    'kalshi-edge-store-and-its-file-why'
    """
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
