"""The site as ``make docs`` builds it: without a warning, and without a request to elsewhere."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.doc_pages import ROOT

FETCHED = re.compile(r"""<(?:script|img|iframe|source)[^>]*?src=["']?(https?:[^"'\s>]+)""")
STYLES = re.compile(
    r"""<link[^>]*rel=["']?(?:stylesheet|preload|preconnect)[^>]*href=["']?(http[^"'\s>]+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    stage = (sys.executable, str(ROOT / "docs/_site/stage.py"), str(folder / "build/docs"))
    subprocess.run(stage, check=True)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    program = Path(sys.executable).with_name("zensical")
    built = subprocess.run(
        (program, "build", "--strict", "--clean"),
        check=False, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout
    assert "No issues found" in built.stdout
    return folder / "site"


def test_every_page_is_built(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html")
        own = "index.html" if page.name == "README.md" else name.name
        assert (site / name.with_name(own)).is_file(), name


def test_a_reader_without_a_network_has_everything(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert FETCHED.findall(text) + STYLES.findall(text) == [], page.name
        assert 'data-md-component="source"' not in text, "that asks the repository's host"


def test_the_search_knows_the_pages(site: Path) -> None:
    index = json.dumps(json.loads((site / "search.json").read_text()), ensure_ascii=False)
    for words in ("order_unknown", "MAX_DAY_LOSS_SHARE", "Does it make money", "forecast_scores"):
        assert words in index, words


def test_links_inside_the_site_lead_to_files(site: Path) -> None:
    broken = []
    for page in site.rglob("*.html"):
        for link in re.findall(r'<(?:a|img)[^>]*?(?:href|src)="([^"]+)"', page.read_text()):
            path = link.partition("#")[0].partition("?")[0]
            if path and not re.match(r"[a-z]+:", path) and page.name != "404.html":
                target = (page.parent / path).resolve()
                if not (target.is_file() or (target / "index.html").is_file()):
                    broken.append(f"{page.relative_to(site)}: {link}")
    assert broken == []
