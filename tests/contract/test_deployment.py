"""Containers, compose, units and host configuration: what each starts runs here and is alive."""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from kalshi_edge.api.starting import answering_while_starting
from kalshi_edge.runtime.lease import LASTS
from kalshi_edge.runtime.sandbox_process import free_port, running_sandbox
from tests.support.api_harness import desk
from tests.support.patience import PATIENCE_S
from tests.support.trader_process import ROOT

pytestmark = pytest.mark.realtime

DOCKERFILES = (ROOT / "Dockerfile", ROOT / "frontend" / "Dockerfile")
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
TOOLS = Path(sys.executable).parent
SHELL_LESS = ("CMD", "ENTRYPOINT")
KEY = "a-key-of-the-deployment-test"

Instruction = tuple[str, str]


def instructions(path: Path) -> list[Instruction]:
    """A Dockerfile's instructions, their lines put together."""
    text = re.sub(r"(?m)^#.*\n", "", path.read_text()).replace("\\\n", " ")
    return [(name.upper(), rest.strip()) for name, _, rest in
            (line.partition(" ") for line in text.splitlines() if line.strip())]  # fmt: skip


def last_stage(path: Path) -> list[Instruction]:
    found = instructions(path)
    begin = max(n for n, (name, _) in enumerate(found) if name == "FROM")
    return found[begin:]


def of(stage: list[Instruction], name: str) -> list[str]:
    return [rest for one, rest in stage if one == name]


def environment_of(stage: list[Instruction]) -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in of(stage, "ENV") for pair in shlex.split(rest))


def health_check(stage: list[Instruction]) -> list[str]:
    (check,) = of(stage, "HEALTHCHECK")
    command: list[str] = json.loads(check.partition("CMD ")[2])
    return command


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


@pytest.mark.parametrize("path", DOCKERFILES, ids=["trader", "dashboard"])
def test_an_image_is_small_pinned_unprivileged_and_checks_that_it_lives(path: Path) -> None:
    found, stage = instructions(path), last_stage(path)
    bases = [rest.split()[0] for rest in of(found, "FROM")]
    assert len(bases) == 2, "built in one image, run in another"
    assert all(re.search(r":\d+(\.\d+)?-.*(slim|bookworm)", base) for base in bases), bases
    (user,) = of(stage, "USER")
    assert user.split(":")[0] not in {"", "0", "root"}
    (command,) = of(stage, "CMD")
    assert json.loads(command), "no shell stands between a signal and the program"
    assert of(stage, "STOPSIGNAL") == ["SIGTERM"]
    check = " ".join(health_check(stage))
    assert "/api/ready" not in check
    assert "/api/health" in check or "/healthz" in check
    names = {name for name, _ in found}
    known = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL",
             "HEALTHCHECK", "CMD"}  # fmt: skip
    assert names <= known, "nothing that fetches from elsewhere (ADD), nothing misspelt"
    secrets = [name for name in environment_of(stage) if re.search("KEY|SECRET|PASSWORD", name)]
    assert secrets == []


@pytest.mark.parametrize("path", DOCKERFILES, ids=["trader", "dashboard"])
def test_what_an_image_copies_is_there_and_nothing_else_is_sent_to_the_builder(path: Path) -> None:
    home = path.parent
    sources = [
        source
        for rest in of(instructions(path), "COPY")
        if not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert sources
    assert [source for source in sources if not (home / source).exists()] == []
    ignored = (home / ".dockerignore").read_text().splitlines()
    assert "*" in ignored or {"node_modules", ".next", ".env*"} <= set(ignored)


def test_the_image_has_what_the_project_is_built_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = " ".join(of(instructions(ROOT / "Dockerfile"), "COPY"))
    needed = [project["project"]["readme"], *project["project"]["license-files"]]
    needed += project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert [name for name in needed if name not in copied] == []
    allowed = (ROOT / ".dockerignore").read_text()
    assert [name for name in (*needed, "requirements.txt") if f"!{name}" not in allowed] == []


def test_compose_runs_everything_hardened_on_this_machine_only_and_keeps_the_store() -> None:
    services = compose()["services"]
    assert services.keys() == {"trader", "dashboard", "prometheus", "grafana"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert "healthcheck" not in service, "the image's own is the one"
    assert {name for name, one in services.items() if one.get("profiles")} == {
        "prometheus",
        "grafana",
    }
    trader = services["trader"]
    assert trader["volumes"] == ["trader:/data"]
    assert trader["environment"]["STORE_PATH"].startswith("/data/")
    grace_s = int(trader["stop_grace_period"].removesuffix("s"))
    assert grace_s > LASTS.total_seconds()
    mounts = [m for one in services.values() for m in one.get("volumes", ())]
    for mount in mounts:
        source = mount.split(":")[0]
        assert source in compose()["volumes"] or (ROOT / source).is_dir(), mount


def expressions() -> Iterator[str]:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])
    board = json.loads((ROOT / "deploy/grafana/dashboards/trader.json").read_text())
    yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])


async def test_prometheus_and_grafana_ask_for_figures_that_exist() -> None:
    asked = {name for text in expressions() for name in re.findall(r"kalshi_edge_\w+", text)}
    assert len(asked) > 8
    async with desk() as at:
        await at.buys()
        at.trader.engine.watch.clean_at = at.trader.clock.now()
        text = (await at.http.get("/metrics")).text
        # A request is counted once it has been answered.
        text += (await at.http.get("/metrics")).text
    told = set(re.findall(r"(?m)^(?:# TYPE )?(kalshi_edge_\w+)", text))
    assert asked - told == set()
    scrape = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    (job,) = scrape["scrape_configs"]
    assert job["metrics_path"] == "/metrics"
    assert job["http_headers"].keys() == {"X-API-Key"}


def test_hosts_and_units_ask_whether_it_lives_never_whether_it_is_ready() -> None:
    files = [*DOCKERFILES, ROOT / "compose.yaml", ROOT / "Procfile", ROOT / "frontend" / "Procfile",
             *UNITS]  # fmt: skip
    lines = [
        line
        for path in files
        for line in path.read_text().splitlines()
        if "/api/ready" in line and not line.strip().startswith("#")
    ]
    assert lines == []
    paths = [
        json.loads((ROOT / folder / "railway.json").read_text())["deploy"]["healthcheckPath"]
        for folder in (".", "frontend")
    ]
    assert paths == ["/api/health", "/healthz"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    # What a unit starts must be there: another program of this machine stands for it.
    text = re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", unit.read_text())
    (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, ours) == (0, [])
    stop_s = int(re.findall(r"TimeoutStopSec=(\d+)", text)[0])
    assert stop_s > LASTS.total_seconds() or "dashboard" in unit.name


async def checked(stage: list[Instruction], port: int) -> int:
    """What the image's own health check says of a server at ``port``."""
    name, *rest = health_check(stage)
    variables = {"API_PORT": str(port), "PORT": str(port), "PATH": os.environ["PATH"]}
    program = sys.executable if name == "python" else str(shutil.which(name))
    process = await asyncio.create_subprocess_exec(
        program, *rest, env=variables, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


async def test_the_image_of_the_trader_starts_is_alive_and_ends_when_asked(
    tmp_path: Path,
) -> None:
    stage = last_stage(ROOT / "Dockerfile")
    command = json.loads(of(stage, "CMD")[0])
    image = environment_of(stage)
    assert await checked(stage, free_port()) != 0, "nobody answers there"
    async with running_sandbox(("--speed", "60")) as sandbox:
        port = free_port()
        mounted = image["STORE_PATH"].replace("/data", str(tmp_path))
        variables = {**image, "STORE_PATH": mounted, "API_PORT": str(port), "HOME": str(tmp_path),
                     "PATH": f"{TOOLS}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
                     "API_SECRET_KEY": KEY, "SANDBOX_URL": sandbox.base,
                     "CITIES": "NYC"}  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", command[0].replace("-", "_"), *command[1:],
            env=variables, cwd=tmp_path,
        )  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient() as http:
                ready = f"http://127.0.0.1:{port}/api/risk/halt"
                while True:
                    assert process.returncode is None
                    try:
                        halted = await http.post(
                            ready, json={"reason": "a test"}, headers={"X-API-Key": KEY}
                        )
                        if halted.is_success:
                            break
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(0.2)
                assert await checked(stage, port) == 0, "halted, and alive all the same"
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE_S):
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
    writes = {path.name for path in tmp_path.iterdir()}  # noqa: ASYNC240 - a moment
    assert {name for name in writes if not name.startswith("trader.db")} == set()


async def test_a_trader_that_waits_for_the_lease_is_alive_to_its_host() -> None:
    from kalshi_edge.api.server import Address, bound

    with bound(Address("127.0.0.1", 0)) as listener:
        async with answering_while_starting(listener):
            port = listener.getsockname()[1]
            assert await checked(last_stage(ROOT / "Dockerfile"), port) == 0
