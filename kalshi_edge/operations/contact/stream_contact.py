"""The exchange's stream: opened once as a trader opens it, until its books are there."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from kalshi_edge.data.kalshi.stream import Connect, KalshiStream, Socket, connected
from kalshi_edge.data.kalshi.stream_session import Connected
from kalshi_edge.domain.market import Book
from kalshi_edge.errors import EdgeError
from kalshi_edge.operations.check_results import CheckResult
from kalshi_edge.operations.contact.capture import Exchanged
from kalshi_edge.operations.contact.deviations import Deviation, Found, expect, result_of
from kalshi_edge.runtime.environment import Environment

FRAME = "frame"
"""What stands for the method of a frame among the kept answers."""
BOOKS_WITHIN_S = 20.0
WATCHED = 6
BREAKS = "Live books, fills and orders: the trader would ask by REST only, and entries would stop."


class _NotedSocket:
    """A WebSocket whose frames are noted as they come."""

    def __init__(self, inner: Socket, url: str, kept: list[Exchanged]) -> None:
        self._inner, self._url, self._kept = inner, url, kept

    async def send(self, text: str, /) -> None:
        await self._inner.send(text)

    async def recv(self) -> str | bytes:
        frame = await self._inner.recv()
        body = frame.encode() if isinstance(frame, str) else frame
        self._kept.append(Exchanged(FRAME, self._url, "", 101, {}, body))
        return frame


class _KeptSocket:
    """Frames that were kept, and then nothing more."""

    def __init__(self, frames: Iterable[bytes]) -> None:
        self._frames = iter(frames)

    async def send(self, text: str, /) -> None:
        """Nobody listens."""

    async def recv(self) -> str | bytes:
        for frame in self._frames:
            return frame
        await asyncio.sleep(BOOKS_WITHIN_S)
        return b"{}"


def noting(connect: Connect | None, kept: list[Exchanged]) -> Connect:
    """A way to connect, as ``connect`` or over the network, whose frames are noted in ``kept``."""
    way = connect or connected

    @asynccontextmanager
    async def opened(url: str, headers: Mapping[str, str]) -> AsyncIterator[Socket]:
        async with way(url, headers) as socket:
            yield _NotedSocket(socket, url, kept)

    return opened


def replaying(kept: Iterable[Exchanged]) -> Connect:
    """A way to connect to frames that were kept."""
    frames = [one.body for one in kept if one.method == FRAME]

    def opened(url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:  # noqa: ARG001
        @asynccontextmanager
        async def again() -> AsyncIterator[Socket]:
            yield _KeptSocket(frames)

        return again()

    return opened


async def stream_results(
    environment: Environment, series: Collection[str], tickers: Collection[str]
) -> AsyncIterator[CheckResult]:
    """One result: channels open, books there, nothing that cannot be read."""
    assert environment.key is not None  # nobody connects without one
    ways = environment.transport
    stream = KalshiStream(
        environment.host, environment.key, environment.clock, ways.jitter,
        series=series, names={}, connect=ways.connect,
    )  # fmt: skip
    wanted = set(sorted(tickers)[:WATCHED])
    await stream.watch(wanted)
    seen: list[Book | Connected] = []
    try:
        async with asyncio.timeout(BOOKS_WITHIN_S):
            async for event in stream:
                if isinstance(event, Book | Connected):
                    seen.append(event)
                if _is_enough(seen, wanted):
                    break
    except TimeoutError:
        pass
    except EdgeError as error:
        yield result_of("stream", [Deviation(str(error), BREAKS)], "")
        return
    figure = f"all channels open, {len(wanted)} books in order"
    yield result_of("stream", list(_deviations(stream, seen, wanted)), figure)


def _is_enough(seen: Iterable[Book | Connected], wanted: Collection[str]) -> bool:
    books = {one.ticker for one in seen if isinstance(one, Book)}
    return any(isinstance(one, Connected) for one in seen) and books >= set(wanted)


def _deviations(
    stream: KalshiStream, seen: Collection[Book | Connected], wanted: Collection[str]
) -> Found:
    opened = any(isinstance(one, Connected) for one in seen)
    yield from expect(opened, "not every channel was opened", BREAKS)
    books = {one.ticker: one for one in seen if isinstance(one, Book)}
    missing = sorted(set(wanted) - books.keys())
    yield from expect(not missing, f"no book of {', '.join(missing)}", BREAKS)
    for book in books.values():
        yield from expect(
            book.bid is None or book.ask is None or book.bid < book.ask,
            f"{book.ticker}: bid {book.bid} is not below ask {book.ask}",
            "The price scale of the stream's NO levels (use_yes_price).",
        )
    for kind, count in stream.oddities.counts.items():
        yield from expect(
            False, f"{count} × {kind}", "What the frame says goes unheard.",
            harmless=kind.startswith("unknown"),
        )  # fmt: skip
