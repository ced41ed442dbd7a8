"""The stand-in as a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from click.testing import CliRunner

from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport.sandbox.filemaker.__main__ import main

ACCOUNT = {
    "FILEMAKER_DATABASE": "Clinic",
    "FILEMAKER_USERNAME": "importer",
    "FILEMAKER_PASSWORD": "only-for-these-tests",
    "FILEMAKER_FMID_TOKEN": "good-token",
}


@pytest.fixture
def address() -> Iterator[str]:
    """Run the stand-in on a free port and stop it in the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--scale", "0.01", "--fault", "skip-ignored"]
    command = [sys.executable, "-m", "nexus_reimport.sandbox.filemaker", *options]
    with subprocess.Popen(command, env={**os.environ, **ACCOUNT}) as process:  # noqa: S603  our own module
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def wait_until_up(address: str) -> None:
    """Return when the server answers; fail after twenty seconds."""
    deadline = time.monotonic() + 20
    while True:
        try:
            assert httpx.get(f"{address}/sandbox/health").text == "ok"
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def test_it_serves_a_clinic_to_its_account(address: str) -> None:
    wait_until_up(address)
    url = f"{address}/fmi/odata/v4/Clinic/API_Clinic_Name/$count"
    assert httpx.get(url).status_code == 401
    assert int(httpx.get(url, headers={"Authorization": "FMID good-token"}).text) > 0


def test_help_lists_every_fault_with_its_description() -> None:
    shown = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    for fault in Fault:
        assert f"{fault}: {fault.description[:20]}" in shown
