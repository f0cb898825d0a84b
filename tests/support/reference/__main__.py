"""Writes every generated page of docs/reference."""

from tests.support.reference.pages import PAGES, REFERENCE

for name, page in PAGES.items():
    (REFERENCE / name).write_text(page(), encoding="utf-8")
