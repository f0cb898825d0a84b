"""What the documentation says of the API: every path, and a listener that keeps up."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from kalshi_edge.api.server import create_app
from tests.support.api_harness import KEY, desk
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.realtime

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "api.md").read_text(
    encoding="utf-8"
)


def test_every_path_is_documented_and_no_other() -> None:
    told = set(re.findall(r"`(?:GET |POST |DELETE )?(/(?:api|metrics)[^`?]*)", TEXT))
    assert told - {"/api/docs", "/api/openapi.json"} == set(create_app().openapi()["paths"])


async def test_the_documented_listener_sees_a_purchase() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    async with desk() as at:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", example),
            env={**os.environ, "API_URL": f"http://127.0.0.1:{at.port}", "API_SECRET_KEY": KEY},
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                first = (await process.stdout.readline()).split()
                assert first[1:] == [b"1000", b"0"]
                await at.buys()
                worth = (await at.http.get("/api/balance")).json()["equity"]
                assert worth != "1000"
                while (await process.stdout.readline()).split()[1:] != [worth.encode(), b"1"]:
                    pass
        finally:
            process.kill()
            await process.wait()
