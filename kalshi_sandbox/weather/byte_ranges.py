"""A large file as the pieces it is made of: any range of it is put together when asked for."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate


class LaterPart:
    """A piece of known length, made when it is first read."""

    def __init__(self, length: int, make: Callable[[], bytes]) -> None:
        self._length = length
        self._make = make

    def __len__(self) -> int:
        return self._length

    def __bytes__(self) -> bytes:
        return self._content

    @cached_property
    def _content(self) -> bytes:
        content = self._make()
        assert len(content) == self._length, (len(content), self._length)
        return content


Part = bytes | LaterPart


@dataclass(frozen=True, slots=True)
class BulkFile:
    """Bytes in pieces, many of them the same objects; ``ends`` are the running lengths."""

    parts: tuple[Part, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def read(self, start: int, stop: int) -> bytes:
        """The bytes of ``[start, stop)``, as far as there are any.

        >>> bulk_file((b"Hello, ", b"world")).read(5, 9)
        b', wo'
        """
        start, stop = max(0, start), min(stop, len(self))
        if start >= stop:
            return b""
        first, last = bisect_right(self.ends, start), bisect_right(self.ends, stop - 1)
        begin = self.ends[first] - len(self.parts[first])
        return b"".join(map(bytes, self.parts[first : last + 1]))[start - begin : stop - begin]

    def chunks(self, start: int, stop: int, size: int = 1 << 20) -> Iterator[bytes]:
        """The bytes of ``[start, stop)`` in pieces of at most ``size``."""
        for begin in range(start, stop, size):
            yield self.read(begin, min(begin + size, stop))


def bulk_file(parts: tuple[Part, ...]) -> BulkFile:
    """A file of these pieces in their order."""
    return BulkFile(parts, tuple(accumulate(len(part) for part in parts)))
