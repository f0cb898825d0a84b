"""The real archive, imported once per session into a history of its own."""

from pathlib import Path

import pytest

from kalshi_edge.data.history.import_archive import ImportReport, import_archive


@pytest.fixture(scope="session")
def archive(shared: Path) -> Path:
    """The folder of the real CSV files."""
    return shared / "data/history"


@pytest.fixture(scope="session")
def imported(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportReport]:
    """The history made of the archive, and what the import said."""
    folder = tmp_path_factory.mktemp("history")
    return folder, import_archive(archive, folder)


@pytest.fixture(scope="session")
def history(imported: tuple[Path, ImportReport]) -> Path:
    """The history made of the archive."""
    return imported[0]
