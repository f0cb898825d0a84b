"""Writes the generated pages of docs/reference; with ``--pictures`` those of docs/pictures too."""

import sys

from tests.support.reference.figures import FIGURES
from tests.support.reference.pages import PAGES, REFERENCE
from tests.support.reference.screens import PICTURES, SCREENS

for name, page in PAGES.items():
    (REFERENCE / name).write_text(page(), encoding="utf-8")

if "--pictures" in sys.argv:
    for name, picture in {**FIGURES, **SCREENS}.items():
        (PICTURES / name).write_text(picture(), encoding="utf-8")
