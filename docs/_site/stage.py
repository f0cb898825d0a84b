"""Lays the site's pages out in build/docs: those of docs/, the project's own files, the notebooks.

A link from a page to a file of the project outside docs/ becomes a link to the page made of it
where there is one, otherwise to the repository. ``make docs`` builds the site of what lies there.
"""

import json
import re
import shutil
import sys
from pathlib import Path
from posixpath import normpath, relpath
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/kalshi-edge/kalshi-edge/blob/main"
PROJECT = MappingProxyType(
    {
        "CONTRIBUTING.md": "project/contributing.md",
        "SECURITY.md": "project/security.md",
        "CHANGELOG.md": "project/changelog.md",
    }
)
"""Files beside docs/ that are pages of the site, by their address there."""
OUTSIDE = re.compile(r"^[a-z+]+:|^#")
LINK = re.compile(r"(\]\()([^)\s]+?)(#[^)\s]*)?(\))")
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


def stage(target: Path) -> None:
    """Write every page and picture of the site into ``target``, which is emptied first."""
    shutil.rmtree(target, ignore_errors=True)
    docs = ROOT / "docs"
    shutil.copytree(docs, target, ignore=shutil.ignore_patterns("_site", "__pycache__"))
    for notebook in sorted(docs.rglob("*.ipynb")):
        page = target / notebook.relative_to(docs).with_suffix(".md")
        page.write_text(notebook_page(notebook))
    for name, page in PROJECT.items():
        (target / page).parent.mkdir(exist_ok=True)
        (target / page).write_text(turned((ROOT / name).read_text(), name, page))
    for path in sorted(docs.rglob("*.md")):
        own = path.relative_to(docs).as_posix()
        (target / own).write_text(turned(path.read_text(), f"docs/{own}", own))


def notebook_page(path: Path) -> str:
    """A notebook's texts and code; its figures are made by whoever runs it."""
    parts = []
    for cell in json.loads(path.read_text())["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    title, _, rest = parts[0].partition("\n")
    note = f"*This page is a notebook; [download it]({path.name}) and run it to see its figures.*"
    return "\n\n".join([title, note, rest, *parts[1:]]) + "\n"


def turned(markdown: str, source: str, page: str) -> str:
    """The text of the file ``source`` as the page ``page`` of the site, its links turned.

    Paths are from the project's folder and from the site's. Code is left alone.
    """
    here, there = source.rpartition("/")[0], page.rpartition("/")[0] or "."

    def link(match: re.Match[str]) -> str:
        before, path, anchor, after = match.groups()
        if OUTSIDE.match(path):
            return match[0]
        file = normpath(f"{here}/{path}" if here else path)
        if file not in PROJECT and not file.startswith("docs/"):
            return f"{before}{REPOSITORY}/{file}{anchor or ''}{after}"
        inside = PROJECT.get(file, file.removeprefix("docs/")).replace(".ipynb", ".md")
        return f"{before}{relpath(inside, there)}{anchor or ''}{after}"

    parts = CODE.split(markdown)
    return "".join(part if i % 2 else LINK.sub(link, part) for i, part in enumerate(parts))


if __name__ == "__main__":
    stage(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/docs")
