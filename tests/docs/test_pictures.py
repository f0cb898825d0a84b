"""The pictures in docs/pictures are what the program shows today."""

import re

import pytest

from tests.support.doc_pages import ROOT
from tests.support.reference.figures import FIGURES
from tests.support.reference.screens import PICTURES, SCREENS, words

MAKE = "run: make pictures"


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_one_that_the_program_draws(name: str) -> None:
    assert (PICTURES / name).read_text(encoding="utf-8") == FIGURES[name](), MAKE


@pytest.mark.realtime
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_the_words_that_the_program_says(name: str) -> None:
    assert words((PICTURES / name).read_text(encoding="utf-8")) == words(SCREENS[name]()), MAKE


def test_every_picture_is_shown_and_fetches_nothing() -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    assert {path.name for path in PICTURES.iterdir()} == {*FIGURES, *SCREENS}
    for path in PICTURES.iterdir():
        assert f"pictures/{path.name})" in pages, path.name
        assert re.findall(r"(?:url\(|href=)[\"']?https?:", path.read_text()) == [], path.name


def test_what_is_made_up_says_so() -> None:
    for name in ("doctor.svg", "terminal.svg", "backtest.svg", "evidence.svg"):
        assert "SYNTHETIC" in (PICTURES / name).read_text(), name
