"""The pages: links that lead somewhere, pages that are found, references that are the code's."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.doc_pages import ROOT, anchors, links, name_of, pages, prose
from tests.support.reference.alarms import raised_alarms
from tests.support.reference.pages import PAGES, REFERENCE

DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"[a-z+]+:", link):
            assert link.startswith(("https://", "mailto:")), link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        is_there = target.exists() and (
            not anchor or target.suffix != ".md" or anchor in anchors(target)
        )
        if not is_there:
            broken.append(link)
    assert broken == []


class _AnyTag(yaml.SafeLoader):
    """The site's settings name a function; here it is only text."""


_AnyTag.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def test_the_navigation_has_every_page_once() -> None:
    settings = yaml.load((ROOT / "mkdocs.yml").read_text(), _AnyTag)  # noqa: S506 - a SafeLoader
    named: list[str] = []

    def walk(entry: object) -> None:
        match entry:
            case str():
                named.append(entry)
            case list():
                for one in entry:
                    walk(one)
            case dict():
                for one in entry.values():
                    walk(one)
            case _:
                raise AssertionError(entry)

    walk(settings["nav"])
    own = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    own |= {path.relative_to(DOCS).with_suffix(".md").as_posix() for path in DOCS.rglob("*.ipynb")}
    own |= {f"project/{name}.md" for name in ("contributing", "security", "changelog")}
    assert sorted(named) == sorted(own)


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_the_one_that_the_code_makes(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run: make reference"


def test_every_metric_is_in_the_reference() -> None:
    source = (ROOT / "kalshi_edge/api/metrics.py").read_text()
    named = set(re.findall(r'PREFIX\}(\w+)"|_(?:gauge|counter)\("(\w+)"', source))
    names = {one or other for one, other in named} - {"name"}
    assert len(names) > 10
    page = (REFERENCE / "metrics.md").read_text()
    missing = [name for name in names if not re.search(rf"`kalshi_edge_{name}(_total)?`", page)]
    assert missing == []


def test_the_runbook_has_a_section_for_every_alarm_and_no_other() -> None:
    page = (DOCS / "runbook.md").read_text()
    body = page.partition("## Alarms")[2].partition("\n## ")[0]
    sections = re.split(r"^### ", body, flags=re.MULTILINE)[1:]
    found = {text.splitlines()[0].strip("`"): text for text in sections}
    assert sorted(found) == sorted(raised_alarms())
    for name, text in found.items():
        for part in ("- **Means:** ", "- **The trader:** ", "- **You:** "):
            assert text.count(part) == 1, (name, part)


def test_the_runbook_names_no_metric_that_is_not_there() -> None:
    named = set(re.findall(r"`(kalshi_edge_\w+)", (DOCS / "runbook.md").read_text()))
    known = set(re.findall(r"`(kalshi_edge_\w+)`", (REFERENCE / "metrics.md").read_text()))
    assert len(named) >= 5
    assert named <= known


ANSWERS = {
    "what it is": r"\btrader for Kalshi",
    "what it is not": r"\bnot advice\b",
    "how to start": r"\bmake demo\b",
    "how safe it is": r"\bon paper\b.*\blive\b",
    "whether it makes money": r"−\$328\.82|\$328\.82",
    "that the exchange itself was never tried": r"[Nn]othing here was ever tried",
}
FIRST_SCREEN_LINES = 45


@pytest.mark.parametrize("question", ANSWERS)
@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_first_screen_answers(page: str, question: str) -> None:
    lines = (ROOT / page).read_text().splitlines()[:FIRST_SCREEN_LINES]
    assert re.search(ANSWERS[question], " ".join(lines)), f"{page} does not say {question}"


def test_no_page_names_a_figure_of_profit_without_its_interval() -> None:
    for page in pages():
        for paragraph in prose(page).split("\n\n"):
            if "328.82" in paragraph:
                assert "13.7" in paragraph, name_of(page)
