"""The control socket: where the machine's owner reaches a running trader, whatever its API does.

Theory. It is a Unix domain socket in a folder beside the store, ``trader.db.control/socket``; the
folder is its owner's alone (0700), the socket too (0600), so whoever may open the file needs no
key. Whose socket it is says a lock, held on a file beside it for as long as its process lives: only
the holder of the lock binds, so what stands there is either its own or a dead process's, and is
removed. A socket's address may have 107 bytes: where the path has more, it is reached through the
descriptor of its folder.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kalshi_edge.errors import StateError

NAME = "socket"
LOCK = "lock"
LONGEST_ADDRESS = 103
"""Bytes: 107 on Linux, 103 elsewhere."""
DESCRIPTORS = Path("/proc/self/fd")


def control_folder(store_path: Path) -> Path | None:
    """Where the control socket of the trader with this store is; ``None`` where there is none.

    >>> control_folder(Path("data/trader.db"))
    PosixPath('data/trader.db.control')
    """
    if str(store_path) == ":memory:" or not hasattr(socket, "AF_UNIX"):
        return None
    return Path(f"{store_path}.control")


@contextmanager
def control_address(folder: Path) -> Iterator[str]:
    """An address for the socket in ``folder``, as short as the system wants it, for the block.

    Raises ``StateError`` where there is none so short.
    """
    path = str(folder / NAME)
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield path
        return
    if not DESCRIPTORS.is_dir():
        raise StateError(f"{path} is too long for a socket: at most {LONGEST_ADDRESS} bytes")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(DESCRIPTORS / str(descriptor) / NAME)
    finally:
        os.close(descriptor)


@contextmanager
def control_listener(folder: Path) -> Iterator[socket.socket]:
    """The socket in ``folder``, listening; it is gone after the block.

    Raises ``StateError`` where another process has it, or the folder is not ours alone.
    """
    with _private(folder) as path, _locked(path / LOCK), control_address(path) as address:
        with suppress(FileNotFoundError):
            (path / NAME).unlink()  # a dead process's: we have the lock
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            try:
                listener.bind(address)
                (path / NAME).chmod(0o600)
                listener.listen()
            except OSError as error:
                raise StateError(f"{path / NAME}: {error.strerror}") from error
            try:
                yield listener
            finally:
                with suppress(OSError):
                    (path / NAME).unlink()


@contextmanager
def _private(folder: Path) -> Iterator[Path]:
    """``folder``, made where it is missing, once it is ours and nobody else's."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise StateError(f"{folder} is not a folder of this user")
        folder.chmod(0o700)
    except OSError as error:
        raise StateError(f"{folder}: {error.strerror}") from error
    yield folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock at ``path``; a process that ends, however it ends, lets go of it."""
    import fcntl  # noqa: PLC0415 - only where there are such sockets

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"{path}: another trader has the control socket") from error
        yield
    finally:
        os.close(descriptor)
