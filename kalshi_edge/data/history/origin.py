"""Whether a history is of the world or made up; the two never lie in one folder."""

from pathlib import Path

import orjson

from kalshi_edge.data.history.records import cities_in, write_atomically
from kalshi_edge.errors import HistoryError

_FILE = "origin.json"


def is_synthetic(folder: Path) -> bool:
    """Whether the history in ``folder`` says that it is made up.

    Raises ``HistoryError`` where what it says of itself cannot be read.
    """
    path = folder / _FILE
    if not path.exists():
        return False
    try:
        found = orjson.loads(path.read_bytes())["synthetic"]
    except (ValueError, LookupError, TypeError) as error:
        raise HistoryError(f"{path} does not say whether this history is made up") from error
    return found is not False


def claim(folder: Path, *, synthetic: bool) -> None:
    """Note what is going to be put into ``folder``.

    Raises ``HistoryError`` where something of the other kind lies there already.
    """
    if cities_in(folder) and is_synthetic(folder) != synthetic:
        there, ours = ("real", "SYNTHETIC") if synthetic else ("SYNTHETIC", "real")
        raise HistoryError(
            f"{folder} holds {there} history: {ours} records go into a folder of their own"
            " (HISTORY_DIR)"
        )
    if synthetic or is_synthetic(folder):
        write_atomically(folder / _FILE, orjson.dumps({"synthetic": synthetic}) + b"\n")
