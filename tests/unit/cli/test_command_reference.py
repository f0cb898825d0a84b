"""The page of the commands is the one that the program would print."""

from pathlib import Path

from tests.support.command_reference import command_paths, reference

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "commands.md"


def test_the_committed_page_is_the_generated_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "make reference writes it anew"


def test_it_has_every_command() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for path in command_paths():
        if path:
            assert f"\n## kalshi-edge {' '.join(path)}\n" in page
