"""The sandbox's commands as somebody types them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nexus_reimport.sandbox import commands, lifecycle
from nexus_reimport.sandbox.exceptions import SandboxError
from nexus_reimport_tests.sandbox.conftest import SCALE

pytestmark = pytest.mark.xdist_group("one sandbox")


def run(*arguments: str | float | Path) -> Result:
    return CliRunner().invoke(commands.sandbox, [str(argument) for argument in arguments])


def test_start_says_what_runs_where(sandbox: Path) -> None:
    result = run("start", "--dir", sandbox, "--scale", str(SCALE))
    assert result.exit_code == 0
    for service in lifecycle.sandbox_status(sandbox).services:
        assert service.name in result.output
        assert f"127.0.0.1:{service.port}" in result.output
    assert "Ready in" in result.output


def test_status_prints_no_secret_and_succeeds_while_everything_runs(sandbox: Path) -> None:
    result = run("status", "--dir", sandbox)
    assert result.exit_code == 0
    assert "scale 0.02, seed 7, Nexus empty, faults none" in result.output
    variables = lifecycle.environment(sandbox)
    for name in ("FILEMAKER_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "NEXUS_DATABASE_URL"):
        assert variables[name] not in result.output


def test_a_shell_that_evaluates_env_has_the_whole_environment(sandbox: Path) -> None:
    result = run("env", "--dir", sandbox)
    assert result.exit_code == 0
    assert all(line.startswith("export ") for line in result.output.splitlines())
    script = f"{result.output}\n{sys.executable} -c 'import os; print(dict(os.environ))'"
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env={})  # noqa: S603 - our own output
    for name, value in lifecycle.environment(sandbox).items():
        assert f"'{name}': '{value}'" in shell.stdout


def test_a_quote_in_a_value_survives_the_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lifecycle, "environment", lambda _: {"STRANGE": "it's $HOME"})
    output = run("env", "--dir", tmp_path).output
    shell = ["/bin/sh", "-c", output + 'printf %s "$STRANGE"']
    assert subprocess.check_output(shell, text=True, env=dict(os.environ)) == "it's $HOME"  # noqa: S603 - as above


def test_status_fails_where_nothing_runs(tmp_path: Path) -> None:
    result = run("status", "--dir", tmp_path / "none")
    assert result.exit_code == 1
    assert "never started" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["env"], "start one first"),
        (["start", "--fault", "rain"], "there is no fault 'rain'"),
        (["start", "--nexus", "full"], "there is no starting state 'full'"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_1(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = run(*arguments, "--dir", tmp_path / "none")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("scale", ["0", "-1", "much"])
def test_a_senseless_scale_is_wrong_use(tmp_path: Path, scale: str) -> None:
    assert run("start", "--dir", tmp_path / "none", "--scale", scale).exit_code == 2


def test_stop_then_clean_say_what_they_did(directory: Path) -> None:
    assert run("start", "--dir", directory, "--scale", SCALE, "--seed", "5").exit_code == 0
    assert run("stop", "--dir", directory).output == "Stopped.\n"
    assert run("stop", "--dir", directory).output == "Nothing was running.\n"
    assert run("status", "--dir", directory).exit_code == 1
    assert run("clean", "--dir", directory).output == "Removed.\n"
    assert run("clean", "--dir", directory).output == "There was no sandbox.\n"
    assert not directory.exists()


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "nexus_reimport.sandbox.lifecycle")
    monkeypatch.setitem(sys.modules, "psutil", None)
    for name in [name for name in sys.modules if name.startswith("nexus_reimport.sandbox.")]:
        if name not in {"nexus_reimport.sandbox.commands", "nexus_reimport.sandbox.exceptions"}:
            monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SandboxError, match=r"needs psutil; install .* \[sandbox\] extra"):
        commands._lifecycle()
