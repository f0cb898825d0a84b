"""Answers as they came, kept in a folder without secrets, and served again from there.

A folder holds ``index.json`` (what was asked, when, with which status and headers) and one file per
answer. What identifies an account, and every header that is not named here, is left out.
"""

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from kalshi_edge.errors import InputError

LONGEST_BODY = 400_000
"""Bytes of one answer that are kept: a ladder has 20 kB, a whole bulletin 35 MB."""
HEADERS = (
    "date", "content-type", "etag", "last-modified", "content-range", "accept-ranges",
    "cache-control", "expires", "retry-after",
)  # fmt: skip
PRIVATE = re.compile(
    r"(user|member|key|account|subtrader)_?id|api_?key|e_?mail|phone|(first|last)_?name|address",
    re.IGNORECASE,
)
"""Fields of JSON that say whose account it is."""
HIDDEN = "redacted"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One question and its answer."""

    method: str
    url: str
    range: str
    """The bytes that were asked for; empty: all."""
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_whole: bool = True
    """Whether ``body`` is all of the answer."""

    @property
    def payload(self) -> Any:
        """The body as JSON; ``None`` where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class CapturingTransport(httpx.AsyncBaseTransport):
    """Another transport, whose answers are noted in ``kept`` once they have been read."""

    def __init__(self, inner: httpx.AsyncBaseTransport, kept: list[Exchanged]) -> None:
        self._inner = inner
        self._kept = kept

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` on, and note what comes back as it is read."""
        answer = await self._inner.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        stream = _Noted(answer.stream, request, answer, self._kept)
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=stream, extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close the other transport."""
        await self._inner.aclose()


class _Noted(httpx.AsyncByteStream):
    """A body that is noted as far as it was read."""

    def __init__(
        self,
        inner: httpx.AsyncByteStream,
        request: httpx.Request,
        answer: httpx.Response,
        kept: list[Exchanged],
    ) -> None:
        self._inner, self._request, self._answer, self._kept = inner, request, answer, kept
        self._raw = bytearray()
        self._is_whole = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            if len(self._raw) <= LONGEST_BODY:
                self._raw += piece
            yield piece
        self._is_whole = len(self._raw) <= LONGEST_BODY

    async def aclose(self) -> None:
        await self._inner.aclose()
        raw, answer = bytes(self._raw), self._answer
        try:
            body = httpx.Response(200, headers=answer.headers, content=raw).content
        except httpx.DecodingError:  # cut off in the middle of what was compressed
            body, self._is_whole = b"", False
        self._kept.append(
            Exchanged(
                self._request.method,
                str(self._request.url),
                self._request.headers.get("range", ""),
                answer.status_code,
                {name: answer.headers[name] for name in HEADERS if name in answer.headers},
                body[:LONGEST_BODY],
                self._is_whole,
            )
        )


class ReplayingTransport(httpx.AsyncBaseTransport):
    """Answers that were kept, in their order; what was never asked cannot be reached."""

    def __init__(self, kept: Iterable[Exchanged]) -> None:
        self._left: dict[tuple[str, str, str], list[Exchanged]] = {}
        for one in kept:
            self._left.setdefault((one.method, one.url, one.range), []).append(one)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """What was answered to the same request; the last answer again and again."""
        name = (request.method, str(request.url), request.headers.get("range", ""))
        if not (answers := self._left.get(name)):
            raise httpx.ConnectError(f"{name[0]} {name[1]} is not in this folder", request=request)
        one = answers.pop(0) if len(answers) > 1 else answers[0]
        return httpx.Response(one.status, headers=one.headers, content=one.body)


@dataclass(frozen=True, slots=True)
class About:
    """What a folder was kept of."""

    program: str
    mode: str
    captured_at: datetime
    cities: tuple[str, ...]
    rest_url: str
    stream_url: str
    addresses: Mapping[str, str]
    has_key: bool
    is_synthetic: bool


def write_capture(
    folder: Path, about: About, kept: Iterable[Exchanged], secrets: Iterable[str]
) -> None:
    """Write the answers of a contact into a new ``folder``, with ``secrets`` taken out of them.

    Raises ``InputError`` where it cannot be written.
    """
    hidden = [secret for secret in secrets if len(secret) > 3]
    rows: list[dict[str, Any]] = []
    try:
        folder.mkdir(parents=True)
        for number, one in enumerate(kept, start=1):
            kind = "json" if one.payload is not None else "txt"
            name = f"{number:03d}.{kind}"
            (folder / name).write_bytes(_redacted(one, hidden))
            row = asdict(one) | {"file": name, "url": _without(hidden, one.url)}
            del row["body"]
            rows.append(row)
        index = {**asdict(about), "captured_at": about.captured_at.isoformat(), "answers": rows}
        (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from error


def read_capture(folder: Path) -> tuple[About, list[Exchanged]]:
    """What ``write_capture`` wrote; raises ``InputError`` where it is not there or not that."""
    try:
        index = json.loads((folder / "index.json").read_text())
        answers = [
            Exchanged(**{k: v for k, v in row.items() if k != "file"}, body=_read(folder, row))
            for row in index.pop("answers")
        ]
        captured_at = datetime.fromisoformat(index.pop("captured_at"))
        about = About(**{**index, "cities": tuple(index["cities"])}, captured_at=captured_at)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder} holds no kept answers: {error}") from error
    return about, answers


def _read(folder: Path, row: Mapping[str, Any]) -> bytes:
    return (folder / Path(row["file"]).name).read_bytes()


def _redacted(one: Exchanged, hidden: list[str]) -> bytes:
    payload = one.payload
    if payload is None:
        return _without(hidden, one.body.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
    return _without(hidden, json.dumps(_hidden(payload), indent=1, ensure_ascii=False)).encode()


def _hidden(value: Any) -> Any:
    """``value`` without what says whose account it is.

    >>> _hidden({"user_id": "u-1", "orders": [{"order_id": "o", "api_key_id": "k"}], "email": ""})
    {'user_id': 'redacted', 'orders': [{'order_id': 'o', 'api_key_id': 'redacted'}], 'email': ''}
    """
    if isinstance(value, dict):
        return {
            name: HIDDEN if PRIVATE.search(name) and isinstance(one, str) and one else _hidden(one)
            for name, one in value.items()
        }
    return [_hidden(one) for one in value] if isinstance(value, list) else value


def _without(hidden: list[str], text: str) -> str:
    for secret in hidden:
        text = text.replace(secret, HIDDEN)
    return text
