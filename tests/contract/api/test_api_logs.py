"""What the API writes to its log: one JSON line for what matters, with the request's id."""

import asyncio
import json
from typing import Any

import pytest

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.request_log import HIDDEN, new_log
from kalshi_edge.api.server import Address, Api, bound
from kalshi_edge.api.views import account
from tests.support.api_harness import KEY, KEYED, client, desk

pytestmark = pytest.mark.patient_time


def lines_of(written: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written]


async def logged(context: ApiContext, *commands: tuple[str, str, dict[str, str]]) -> list[bytes]:
    """What is logged while ``wishes`` (method, path, headers) are asked for."""
    written: list[bytes] = []
    with bound(Address("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(Api(context, KEYED, written.append).serve(listener))
        async with client(listener.getsockname()[1]) as http:
            for method, path, headers in commands:
                body = {"reason": "storm"} if method == "POST" else None
                await http.request(method, path, headers=headers, json=body)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    return written


async def test_writes_and_refusals_are_logged_with_their_ids_and_reads_are_not() -> None:
    async with desk() as at:
        written = await logged(
            at.api.parts.context,
            ("GET", "/api/balance", {}),
            ("POST", "/api/risk/halt", {"X-Request-Id": "from-the-dashboard"}),
            ("GET", "/api/balance", {"X-API-Key": "some-other-secret"}),
        )
    requests = [line for line in lines_of(written) if line["event"] == "request"]
    assert [(one["method"], one["path"], one["status"]) for one in requests] == [
        ("POST", "/api/risk/halt", 200),
        ("GET", "/api/balance", 401),
    ]
    assert requests[0]["request_id"] == "from-the-dashboard"
    assert requests[0]["route"] == "/api/risk/halt"
    assert len({one["request_id"] for one in requests}) == 2
    assert KEY.encode() not in b"".join(written)
    assert b"some-other-secret" not in b"".join(written)


async def test_a_fault_of_ours_is_logged_whole_and_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the inside of it")

    async with desk() as at:
        context = at.api.parts.context
        written: list[bytes] = []
        with bound(Address("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(Api(context, KEYED, written.append).serve(listener))
            async with client(listener.getsockname()[1]) as http:
                monkeypatch.setattr(account, "balance", broken)
                answer = await http.get("/api/balance")
                monkeypatch.undo()
                assert (await http.get("/api/balance")).status_code == 200
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
    assert answer.status_code == 500
    assert "the inside of it" not in answer.text
    fault = next(line for line in lines_of(written) if line["event"] == "request failed")
    assert fault["request_id"] == answer.json()["request_id"]
    assert "the inside of it" in fault["exception"]


def test_what_has_a_secrets_name_is_hidden() -> None:
    written: list[bytes] = []
    log = new_log(written.append)
    log.info("x", api_key="k1", ticket="t1", Authorization="a1", private_pem="p1", city="NYC")
    (line,) = lines_of(written)
    names = ("api_key", "ticket", "Authorization", "private_pem")
    assert [line[name] for name in names] == [HIDDEN] * 4
    assert line["city"] == "NYC"
