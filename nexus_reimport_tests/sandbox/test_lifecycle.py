"""A sandbox's life, with real processes: started, found running, stopped for sure, started again."""

import contextlib
import hashlib
import json
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import obstore
import psutil
import psycopg
import pytest
from obstore.store import S3Store

from nexus_reimport.exceptions import AccessDenied
from nexus_reimport.extract.bucket import list_import_objects
from nexus_reimport.sandbox import lifecycle
from nexus_reimport.sandbox.clinic import damaged_a, synthetic_clinic
from nexus_reimport.sandbox.clinic.objects import Photograph
from nexus_reimport.sandbox.exceptions import (
    SandboxError,
    SandboxMismatchError,
    ServiceFailedError,
    UnknownFaultError,
    UnknownStartingStateError,
)
from nexus_reimport.sandbox.processes import read_process
from nexus_reimport.sandbox.settings import Layout, read_settings
from nexus_reimport_tests.file_buckets import client_at
from nexus_reimport_tests.sandbox.conftest import SCALE

pytestmark = pytest.mark.xdist_group("one sandbox")

VARIABLES = {
    "FILEMAKER_HOST",
    "FILEMAKER_DATABASE",
    "FILEMAKER_USERNAME",
    "FILEMAKER_PASSWORD",
    "NEXUS_DATABASE_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_S3_BUCKET_NAME",
    "AWS_ENDPOINT_URL_S3",
    "IMAGE_CSV_DIR",
    "NEXUS_REIMPORT_STORAGE",
    "DAGSTER_HOME",
    "DAGSTER_PG_URL",
    "PG_DUMP",
}
SECRETS = ("FILEMAKER_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
Look = Callable[[Path], list[str]]


def bucket(variables: dict[str, str]) -> S3Store:
    return S3Store(
        variables["AWS_S3_BUCKET_NAME"],
        endpoint=variables["AWS_ENDPOINT_URL_S3"],
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region=variables["AWS_REGION"],
        client_options={"allow_http": True},
        virtual_hosted_style_request=False,
    )


def filemaker_count(variables: dict[str, str], entity: str, password: str | None = None) -> httpx.Response:
    address = f"{variables['FILEMAKER_HOST']}/fmi/odata/v4/{variables['FILEMAKER_DATABASE']}/{entity}/$count"
    account = (variables["FILEMAKER_USERNAME"], password or variables["FILEMAKER_PASSWORD"])
    return httpx.get(address, auth=account)


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_a_started_sandbox_serves_the_synthetic_clinic_at_its_environment(sandbox: Path) -> None:
    variables, clinic = lifecycle.environment(sandbox), synthetic_clinic(SCALE)
    for entity, rows in clinic.entities.items():
        assert filemaker_count(variables, entity).text.strip("\ufeff") == str(len(rows))
    keys = [item["path"] for page in obstore.list(bucket(variables)) for item in page]
    # Folder markers end in a slash, which the client drops.
    assert sorted(keys) == sorted(item.key.rstrip("/") for item in clinic.objects)
    exported = Path(variables["IMAGE_CSV_DIR"]) / "Image_dataV9.csv"
    assert exported.read_bytes() == clinic.image_csv
    assert ask(variables["NEXUS_DATABASE_URL"], "SELECT count(*) FROM clinics") == 11
    assert ask(variables["NEXUS_DATABASE_URL"], "SELECT count(*) FROM patients") == 0
    assert ask(variables["DAGSTER_PG_URL"], "SELECT current_database()") == "dagster"


def test_a_photograph_is_served_whole_and_under_its_md5(sandbox: Path) -> None:
    store, clinic = bucket(lifecycle.environment(sandbox)), synthetic_clinic(SCALE)
    photographs = [item for item in clinic.objects if isinstance(item.content, Photograph)]
    for item in photographs[:20]:
        served = obstore.get(store, item.key)
        assert bytes(served.bytes()) == item.body
        assert served.meta["size"] == len(item.body)
        assert served.meta["e_tag"] == f'"{hashlib.md5(item.body, usedforsecurity=False).hexdigest()}"'
        assert served.attributes["Content-Type"] == item.content_type


def test_a_damaged_sandbox_has_an_old_backup_of_its_patients_and_the_files_of_uploads(
    directory: Path,
) -> None:
    lifecycle.start_sandbox(directory, SCALE, nexus="damaged-a")
    variables, damage = lifecycle.environment(directory), damaged_a(synthetic_clinic(SCALE))
    assert (directory / "patients.json").read_bytes() == damage.backup
    keys = {item["path"] for page in obstore.list(bucket(variables), "images/") for item in page}
    assert {item.key for item in damage.objects} <= keys
    assert ask(variables["NEXUS_DATABASE_URL"], "SELECT count(*) FROM images_batch") == len(
        damage.rows["images_batch"]
    )


def test_the_environment_has_every_variable_and_folders_that_exist(sandbox: Path) -> None:
    variables = lifecycle.environment(sandbox)
    assert variables.keys() == VARIABLES
    for name in ("IMAGE_CSV_DIR", "NEXUS_REIMPORT_STORAGE", "DAGSTER_HOME"):
        assert Path(variables[name]).is_dir()
    assert "DAGSTER_PG_URL" in (Path(variables["DAGSTER_HOME"]) / "dagster.yaml").read_text()
    written = (sandbox / ".env").read_text().splitlines()
    assert written == [f"{name}='{value}'" for name, value in variables.items()]


def test_a_wrong_filemaker_password_is_refused(sandbox: Path) -> None:
    answer = filemaker_count(lifecycle.environment(sandbox), "API_Contacts", password="guessed")  # noqa: S106
    assert answer.status_code == 401


def test_everything_listens_on_loopback_only(sandbox: Path) -> None:
    for service in lifecycle.sandbox_status(sandbox).services:
        assert service.pid is not None
        main = psutil.Process(service.pid)
        listening = set()
        for process in [main, *main.children(recursive=True)]:
            # PostgreSQL's workers come and go.
            with contextlib.suppress(psutil.NoSuchProcess):
                connections = process.net_connections()
                listening |= {one.laddr for one in connections if one.status == psutil.CONN_LISTEN}
        assert {(address.ip, address.port) for address in listening} == {("127.0.0.1", service.port)}


def test_nobody_else_may_read_the_sandbox(sandbox: Path) -> None:
    mode = stat.S_IMODE(sandbox.stat().st_mode)
    assert mode == (0o710 if os.geteuid() == 0 else 0o700)
    for path in sandbox.iterdir():
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path.name


def test_no_secret_is_on_a_command_line_or_in_a_log(sandbox: Path) -> None:
    variables = lifecycle.environment(sandbox)
    secrets = [variables[name] for name in SECRETS]
    secrets.append(variables["NEXUS_DATABASE_URL"].split(":")[2].split("@")[0])
    lines = [
        " ".join(process.cmdline())
        for service in lifecycle.sandbox_status(sandbox).services
        for process in [psutil.Process(service.pid)]
    ]
    logs = [path.read_text() for path in (*sandbox.glob("*.log"), *sandbox.glob("postgres/*.log"))]
    assert len(logs) == 3
    for text in (*lines, *logs, repr(lifecycle.sandbox_status(sandbox))):
        assert not any(secret in text for secret in secrets)


def test_starting_again_changes_nothing(sandbox: Path) -> None:
    before = lifecycle.sandbox_status(sandbox)
    assert before.is_running
    assert lifecycle.start_sandbox(sandbox, SCALE) == before


@pytest.mark.parametrize(
    ("change", "name"), [({"scale": 0.03}, "scale"), ({"seed": 8}, "seed"), ({"nexus": "people"}, "nexus")]
)
def test_another_clinic_in_the_same_directory_is_refused(
    sandbox: Path, change: dict[str, object], name: str
) -> None:
    with pytest.raises(SandboxMismatchError, match=f"has {name} .*clean it first"):
        lifecycle.start_sandbox(sandbox, **{"scale": SCALE, **change})  # type: ignore[arg-type]  # by name
    assert lifecycle.sandbox_status(sandbox).is_running


def test_faults_asked_for_come_and_go_without_touching_the_rest(sandbox: Path) -> None:
    before = {service.name: service for service in lifecycle.sandbox_status(sandbox).services}
    faulty = lifecycle.start_sandbox(sandbox, SCALE, faults=["too-many-requests", "too-many-requests"])
    assert faulty.faults == ("too-many-requests",)
    answers = [filemaker_count(lifecycle.environment(sandbox), "API_Contacts") for _ in range(8)]
    assert 429 in {answer.status_code for answer in answers}
    after = {service.name: service for service in lifecycle.start_sandbox(sandbox, SCALE).services}
    answers = [filemaker_count(lifecycle.environment(sandbox), "API_Contacts") for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    for name in ("postgres", "object-store"):
        assert after[name] == before[name]
    assert after["filemaker"].port == before["filemaker"].port


def test_unknown_names_are_refused_before_anything_is_made(directory: Path) -> None:
    with pytest.raises(UnknownFaultError, match=r"no fault 'rain'; choose from .*slow-answers"):
        lifecycle.start_sandbox(directory, SCALE, faults=["rain"])
    with pytest.raises(UnknownStartingStateError, match="older-import"):
        lifecycle.start_sandbox(directory, SCALE, nexus="full")
    assert not directory.exists()


def test_stop_leaves_nothing_running_and_start_brings_the_same_data_back(
    directory: Path, names_of_processes: Look
) -> None:
    lifecycle.start_sandbox(directory, SCALE, seed=3, nexus="people")
    variables = lifecycle.environment(directory)
    with psycopg.connect(variables["NEXUS_DATABASE_URL"]) as connection:
        connection.execute("UPDATE clinics SET phone = '02 7010 0000'")
    obstore.put(bucket(variables), "images/kept.jpg", b"kept")
    assert len(names_of_processes(directory)) >= 3

    assert lifecycle.stop_sandbox(directory)
    assert names_of_processes(directory) == []
    assert lifecycle.sandbox_status(directory).is_stopped
    assert not lifecycle.stop_sandbox(directory)

    lifecycle.start_sandbox(directory, SCALE, seed=3, nexus="people")
    assert lifecycle.environment(directory) == variables
    phones = "SELECT count(*) FROM clinics WHERE phone = '02 7010 0000'"
    assert ask(variables["NEXUS_DATABASE_URL"], phones) == 11
    assert bytes(obstore.get(bucket(variables), "images/kept.jpg").bytes()) == b"kept"
    assert filemaker_count(variables, "API_Contacts").status_code == 200


def test_a_service_that_was_killed_is_started_again_alone(directory: Path) -> None:
    before = lifecycle.start_sandbox(directory, SCALE)
    victim = next(service for service in before.services if service.name == "object-store")
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(victim.pid)], timeout=5)
    assert [service.pid is None for service in lifecycle.sandbox_status(directory).services] == [
        False,
        True,
        False,
    ]
    after = lifecycle.start_sandbox(directory, SCALE)
    assert after.is_running
    assert [service.pid == old.pid for service, old in zip(after.services, before.services, strict=True)] == [
        True,
        False,
        True,
    ]


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(directory: Path) -> None:
    lifecycle.start_sandbox(directory, SCALE)
    layout = Layout(directory)
    record = read_process(layout.process("filemaker"))
    assert record is not None
    lifecycle.stop_sandbox(directory)
    for path in (
        layout.process("filemaker"),
        layout.process("object-store"),
        layout.postgres / "postgres.json",
    ):
        path.write_text(json.dumps({"name": "x", "pid": os.getpid(), "created": 1.0, "marker": "python"}))
    assert lifecycle.sandbox_status(directory).is_stopped
    assert not lifecycle.stop_sandbox(directory)
    assert lifecycle.start_sandbox(directory, SCALE).is_running


def test_a_start_that_was_cut_short_is_made_anew(directory: Path, names_of_processes: Look) -> None:
    first = lifecycle.start_sandbox(directory, SCALE)
    layout = Layout(directory)
    kept = json.loads(layout.settings.read_text())
    layout.settings.write_text(json.dumps({**kept, "is_prepared": False}))
    with pytest.raises(SandboxError, match="start one first"):
        lifecycle.environment(directory)
    second = lifecycle.start_sandbox(directory, 0.01, seed=9)
    assert second.is_running
    assert {service.pid for service in first.services}.isdisjoint(service.pid for service in second.services)
    assert ask(lifecycle.environment(directory)["NEXUS_DATABASE_URL"], "SELECT count(*) FROM clinics") == 11
    assert lifecycle.clean_up(directory)
    assert names_of_processes(directory) == []


def test_a_failed_start_leaves_nothing_running_and_says_why(
    directory: Path, names_of_processes: Look
) -> None:
    lifecycle.start_sandbox(directory, SCALE)
    lifecycle.stop_sandbox(directory)
    (directory / "filemaker.json").write_text("{ cut short")
    with pytest.raises(ServiceFailedError, match=r"(?s)filemaker did not start.*JSONDecodeError"):
        lifecycle.start_sandbox(directory, SCALE)
    assert names_of_processes(directory) == []
    assert lifecycle.sandbox_status(directory).is_stopped


def test_a_directory_with_other_things_in_it_is_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SandboxError, match="not a sandbox and not empty"):
        lifecycle.start_sandbox(tmp_path, SCALE)
    assert not lifecycle.clean_up(tmp_path)
    assert not lifecycle.stop_sandbox(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_where_there_is_no_sandbox_status_says_so(directory: Path) -> None:
    state = lifecycle.sandbox_status(directory)
    assert state.is_stopped
    assert not state.is_running
    assert state.scale is None
    assert not lifecycle.clean_up(directory)
    assert read_settings(Layout(directory)) is None
    with pytest.raises(SandboxError, match="start one first"):
        lifecycle.environment(directory)


def test_a_fault_of_s3_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFaultError, match=r"no fault «rain» of the bucket; choose from .*clock"):
        lifecycle.start_sandbox(tmp_path / "new", SCALE, faults=["s3:rain"])


def test_faults_of_s3_come_and_go_without_touching_filemaker(sandbox: Path) -> None:
    before = {one.name: one.pid for one in lifecycle.start_sandbox(sandbox, SCALE).services}
    settings = lifecycle.environment(sandbox)
    client = client_at(settings["AWS_ENDPOINT_URL_S3"])
    lifecycle.start_sandbox(sandbox, SCALE, faults=["s3:expired"])
    with pytest.raises(AccessDenied, match="The AWS session has expired"):
        list_import_objects(client, settings["AWS_S3_BUCKET_NAME"])
    after = {one.name: one.pid for one in lifecycle.start_sandbox(sandbox, SCALE).services}
    assert len(list_import_objects(client, settings["AWS_S3_BUCKET_NAME"]))
    assert {name for name in before if before[name] != after[name]} == {"object-store"}
