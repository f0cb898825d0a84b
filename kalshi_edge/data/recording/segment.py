"""One file of a recording: lines in a gzip stream that can be read up to wherever it ends.

While it is written its name ends in ``.part``. What has been synced survives anything but the disk:
a file that a crash tore is read up to its last whole line, and the torn one is kept aside.
"""

import gzip
import os
import zlib
from pathlib import Path

PART, TORN = ".part", ".torn"
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 6


class Segment:
    """A file being written. All methods raise ``OSError`` where the disk does not take it."""

    def __init__(self, path: Path) -> None:
        """``path`` is the finished file's; nothing may be there yet."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = _beside(path, PART)
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._waiting = bytearray()
        self._crc = 0
        self.size = 0
        """Bytes on disk that will outlive a crash."""
        self._fd = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        _sync_folder(path.parent)

    def add(self, line: bytes) -> None:
        """Take a line, to be safe after the next ``sync``."""
        self._crc = zlib.crc32(line + b"\n", self._crc)
        self._waiting += self._packer.compress(line + b"\n")

    def sync(self) -> None:
        """Make all lines so far safe, and mark them so."""
        self._waiting += self._packer.compress(_mark(self._crc))
        self._waiting += self._packer.flush(zlib.Z_SYNC_FLUSH)
        self._write()

    def finish(self) -> None:
        """End the file properly and give it its name."""
        self._waiting += self._packer.compress(_mark(self._crc)) + self._packer.flush()
        self._write()
        os.close(self._fd)
        self._part.replace(self.path)
        _sync_folder(self.path.parent)

    def give_up(self) -> None:
        """Leave the file as it was at the last ``sync``, as well as the disk allows."""
        try:
            os.ftruncate(self._fd, self.size)
        finally:
            os.close(self._fd)

    def _write(self) -> None:
        rest = memoryview(bytes(self._waiting))
        while rest:
            rest = rest[os.write(self._fd, rest) :]
        os.fsync(self._fd)
        self.size += len(self._waiting)
        self._waiting.clear()


def salvage(part: Path) -> int:
    """Finish a file that a crash left in the middle; how many of its bytes are of no use.

    Where there are any, the file as it was found is kept as ``.torn``.
    """
    safe, torn = safe_text(part.read_bytes())
    path = part.with_suffix("")
    if safe:
        draft = _beside(path, ".draft")
        with draft.open("wb") as file:
            # No name and no time in it: the same lines are the same bytes.
            file.write(gzip.compress(safe, _LEVEL, mtime=0))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    if torn:
        part.replace(_beside(path, TORN))
    else:
        part.unlink()
    _sync_folder(path.parent)
    return torn


def lines_of(path: Path) -> tuple[list[bytes], int]:
    """The lines of a file that are known to be as they were written, and the bytes that are not."""
    safe, torn = safe_text(path.read_bytes())
    return [line for line in safe.splitlines() if not line.startswith(_MARK)], torn


def safe_text(data: bytes) -> tuple[bytes, int]:
    """The text of a gzip stream up to the last mark that agrees with it, and what is beyond.

    Rubbish behind a torn end may look like text once it is unpacked; only the mark tells.
    """
    text, read, is_whole = _unpacked(data)
    crc = end = safe = 0
    for line in bytes(text).splitlines(keepends=True):
        end += len(line)
        if not line.startswith(_MARK):
            crc = zlib.crc32(line, crc)
        elif line == _mark(crc):
            safe = end
        else:
            break
    torn = len(data) - read + len(text) - safe
    return bytes(text[:safe]), torn if torn or is_whole else 1


def _unpacked(data: bytes) -> tuple[bytearray, int, bool]:
    """What can be unpacked, how many bytes that took, and whether the stream may end there."""
    text, unpacker = bytearray(), zlib.decompressobj(_GZIP)
    for start in range(0, len(data), _STEP):
        before, piece = unpacker.copy(), data[start : start + _STEP]
        try:
            text += unpacker.decompress(piece)
        except zlib.error:
            for place in range(len(piece)):  # a break costs only what is behind it
                try:
                    text += before.decompress(piece[place : place + 1])
                except zlib.error:
                    return text, start + place, False
        if unpacker.eof:
            return text, start + len(piece) - len(unpacker.unused_data), True
    return text, len(data), data.endswith(_SYNCED)


def _mark(crc: int) -> bytes:
    r"""The line that says that all lines before it have this check sum.

    >>> _mark(zlib.crc32(b"one"))
    b'#7a6c86f1\n'
    """
    return _MARK + f"{crc:08x}\n".encode()


_MARK = b"#"
_STEP = 4096
_SYNCED = b"\0\0\xff\xff"
"""How a flushed stream ends."""


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
