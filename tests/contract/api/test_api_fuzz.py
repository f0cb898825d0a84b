"""schemathesis over the OpenAPI document, against the running server, with and without a key."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from kalshi_edge.api.middleware import Policy
from tests.support.api_harness import EVE, KEY, KEYED, KEYLESS, ApiHarness, desk

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "8")
"""Per operation and phase; the run takes about half a minute with so many."""


async def fuzz(at: ApiHarness, folder: Path, *options: str) -> tuple[int, str]:
    """schemathesis' exit code and what it has to say."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).parent / "schemathesis"), "run"),
        f"http://127.0.0.1:{at.port}/api/openapi.json",
        *("--max-examples", EXAMPLES, "--seed", "1"),
        *("--suppress-health-check", "all", "--no-color", "--warnings", "off", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize("policy", [KEYED, KEYLESS], ids=["key", "keyless"])
async def test_no_request_finds_a_crash_or_an_answer_that_is_not_documented(
    policy: Policy, tmp_path: Path
) -> None:
    async with desk(policy) as at:
        await at.buys()
        at.trader.markets.last_success_at = EVE  # or it would not be ready
        key = ("--header", f"X-API-Key:{KEY}") if policy.api_key else ()
        phases = "examples,coverage,fuzzing" if policy.api_key else "examples,fuzzing"
        code, said = await fuzz(at, tmp_path, "--phases", phases, *key)
        assert code == 0, said[-6000:]


async def test_without_its_key_everything_but_what_is_open_is_refused(tmp_path: Path) -> None:
    async with desk(KEYED) as at:
        checks = "not_a_server_error,status_code_conformance,response_schema_conformance"
        open_paths = ("--exclude-path", "/api/ready", "--exclude-path", "/api/health")
        code, said = await fuzz(at, tmp_path, "--checks", checks, *open_paths)
        assert code == 0, said[-6000:]
        lines = (await at.http.get("/metrics")).text.splitlines()
        counted = [line for line in lines if line.startswith("kalshi_edge_request_seconds_count")]
        served = [line for line in counted if 'route="other"' not in line]
        allowed = ("/api/openapi.json",)
        assert [line for line in served if not any(path in line for path in allowed)] == []
        assert any('status="401"' in line for line in counted)
