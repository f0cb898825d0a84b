"""Reading a page as a browser would: what is open, what is named, what is referred to."""

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "link", "img", "input"}
"""Tags without an end."""


class Tags(HTMLParser):
    """The tags that are open, and every id and reference met."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            self.references += re.findall(r"(?:^|url\()#([\w.-]+)", value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
