"""Dagster's own webserver as we start it: guarded, whether alone or by `dev`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nexus_reimport.launching import guarded_webserver
from nexus_reimport.launching.webserver import free_port_from

MUTATION = (
    'mutation { logTelemetry(action: "x", metadata: "{}", clientTime: "0", clientId: "x") { __typename } }'
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Dagster's webserver over an empty code location; its address."""
    home: Path = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    (home / "empty.py").write_text("import dagster as dg\n\ndefs = dg.Definitions()\n")
    port = free_port_from(3900)
    command = [sys.executable, "-m", guarded_webserver.MODULE, "-h", "127.0.0.1", "-p", str(port), "-f"]
    environment = {"DAGSTER_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    with subprocess.Popen([*command, str(home / "empty.py")], env=environment) as process:  # noqa: S603 - our own
        address = f"http://127.0.0.1:{port}"
        wait_for(address)
        yield address
        process.terminate()


def wait_for(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{address}/server_info").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(address)


def test_dagster_answers_its_own_page_and_no_forged_mutation(served: str) -> None:
    own = {"Origin": served, "Sec-Fetch-Site": "same-origin"}
    answer = httpx.post(f"{served}/graphql", json={"query": "{ version }"}, headers=own)
    assert answer.json()["data"]["version"]
    forged = httpx.get(f"{served}/graphql", params={"query": MUTATION})
    assert forged.status_code == 405
    forged = httpx.post(
        f"{served}/graphql", json={"query": MUTATION}, headers={"Origin": "https://else.example"}
    )
    assert forged.status_code == 403
    assert httpx.get(f"{served}/", headers={"Host": "rebound.example"}).status_code == 421


def test_the_page_keeps_dagster_s_own_policy_and_may_be_framed_by_nobody(served: str) -> None:
    policies = httpx.get(f"{served}/").headers.get_list("content-security-policy")
    assert "frame-ancestors 'none'" in policies
    assert any("script-src" in policy for policy in policies)


def test_dev_starts_its_webserver_behind_the_guard_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(guarded_webserver, "_open_process", lambda parts, **_: started.append(parts))
    guarded_webserver.open_guarded([sys.executable, "-m", "dagster_webserver", "--port", "1"])
    guarded_webserver.open_guarded([sys.executable, "-m", "dagster._daemon", "run"])
    assert started[0] == [sys.executable, "-m", guarded_webserver.MODULE, "--port", "1"]
    assert started[1][2] == "dagster._daemon"
    with pytest.raises(RuntimeError, match="it would be unguarded"):
        guarded_webserver.open_guarded(["dagster-webserver"])
