"""A weather office on a real socket: documents with tags, ranges and conditions, and all that goes
wrong with servers. It speaks HTTP/1.1 by hand, since proper servers refuse to lie."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from hashlib import sha256


class Trouble(Enum):
    """What is wrong with an answer."""

    DOWN = auto()  # 503
    REFUSED = auto()  # 403
    UNREACHABLE = auto()  # the connection is closed at once
    SILENT = auto()  # nothing ever comes
    DRIPPING = auto()  # a byte now and then
    CUT = auto()  # half of it, then the connection is closed
    TOO_LONG = auto()  # more announced than sent, the connection left open
    TOO_SHORT = auto()  # less announced than sent
    NOT_HTTP = auto()
    HTML = auto()  # 200, and a page that says sorry
    HALF = auto()  # half of the document, and its length is that of the half


@dataclass
class Document:
    """What there is at an address."""

    body: bytes
    has_ranges: bool = True
    has_etag: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    wrong_range: bool = False
    status: int = 200

    @property
    def etag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:16]}"'


@dataclass(frozen=True)
class Request:
    """One that was made."""

    path: str
    headers: dict[str, str]
    status: int


class WeatherServer:
    """Documents by address; whoever holds it changes them, and what is wrong, at any time."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.troubles: dict[str, Trouble] = {}
        """By a piece of the address."""
        self.requests: list[Request] = []
        self.body_bytes = 0
        self.retry_after = ""
        self.on_request: Callable[[str], object] = len
        """Called with the address of every request before it is answered."""
        self.base = ""
        self.connections = 0

    def put(self, path: str, body: str | bytes, **how: object) -> Document:
        document = Document(body.encode() if isinstance(body, str) else body, **how)
        self.documents[path] = document
        return document

    def asked(self, piece: str = "") -> list[Request]:
        return [request for request in self.requests if piece in request.path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.split("\r\n")
                path = first.split(" ")[1]
                pairs = (line.split(": ", 1) for line in lines if line)
                headers = {name.lower(): value for name, value in pairs}
                if not await self._answer(path, headers, writer):
                    break
        writer.close()

    async def _answer(self, path: str, asked: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        self.on_request(path)
        trouble = next((t for piece, t in self.troubles.items() if piece in path), None)
        status, headers, body = self._reply(path, asked, trouble)
        self.requests.append(Request(path, asked, status))
        match trouble:
            case Trouble.UNREACHABLE:
                return False
            case Trouble.SILENT:
                await asyncio.sleep(60)
            case Trouble.NOT_HTTP:
                writer.write(b"220 smtp.example ESMTP\r\n")
                return False
        length = len(body) + {Trouble.TOO_LONG: 100, Trouble.TOO_SHORT: -len(body) // 2}.get(
            trouble, 0
        )
        sent = body[: len(body) // 2] if trouble is Trouble.CUT else body
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        size, pause_s = (1, 0.05) if trouble is Trouble.DRIPPING else (65536, 0)
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            self.body_bytes += len(sent[start : start + size])
            await writer.drain()
            await asyncio.sleep(pause_s)
        if trouble is Trouble.TOO_LONG:
            await asyncio.sleep(60)
        return trouble is not Trouble.CUT

    def _reply(
        self, path: str, asked: dict[str, str], trouble: Trouble | None
    ) -> tuple[int, dict[str, str], bytes]:
        match trouble:
            case Trouble.DOWN:
                return 503, {"Retry-After": self.retry_after} if self.retry_after else {}, b"sorry"
            case Trouble.REFUSED:
                return 403, {}, b"who are you?"
            case Trouble.HTML:
                return 200, {"Content-Type": "text/html"}, b"<html><h1>Maintenance</h1></html>"
        document = self.documents.get(path)
        if document is None:
            return 404, {}, b"no such thing"
        headers = dict(document.headers)
        if document.has_etag:
            headers["ETag"] = document.etag
            if asked.get("if-match", document.etag) != document.etag:
                return 412, headers, b""
            if asked.get("if-none-match") == document.etag:
                return 304, headers, b""
        body = document.body
        if trouble is Trouble.HALF:
            body = body[: len(body) // 2]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.get("range", ""))
        if wanted is None or not document.has_ranges:
            return document.status, headers, body
        return _part(body, int(wanted[1]), int(wanted[2]) + 1, document.wrong_range, headers)


def _part(
    body: bytes, start: int, stop: int, is_wrong: bool, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    if start >= len(body):
        return 416, headers | {"Content-Range": f"bytes */{len(body)}"}, b""
    stop = min(stop, len(body))
    says = start + 5 if is_wrong else start
    headers["Content-Range"] = f"bytes {says}-{stop - 1}/{len(body)}"
    return 206, headers, body[start:stop]


@asynccontextmanager
async def weather_server() -> AsyncIterator[WeatherServer]:
    """A server on a free port of this machine, for as long as the block lasts."""
    office = WeatherServer()
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        writers.append(writer)
        await office.serve(reader, writer)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    office.base = f"http://127.0.0.1:{port}"
    try:
        yield office
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()  # what nobody reads any more would keep its socket open
        await asyncio.sleep(0)
