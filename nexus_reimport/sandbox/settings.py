"""What one sandbox was made with, and the variables that lead to it; readable by its owner only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport.sandbox.postgres_programs import program
from nexus_reimport.sandbox.processes import LOCALHOST

BUCKET = "clinic-files"
REGION = "ap-southeast-2"
FILEMAKER_DATABASE = "Clinic"
FILEMAKER_USERNAME = "reimport"


@dataclass(frozen=True)
class Layout:
    """Where things are in a sandbox's directory."""

    directory: Path

    @property
    def settings(self) -> Path:
        """The settings, secrets included."""
        return self.directory / "environment.json"

    @property
    def dotenv(self) -> Path:
        """The same environment for programs that read .env files."""
        return self.directory / ".env"

    @property
    def lock(self) -> Path:
        """Held while a command starts or stops something; a directory without it is not a sandbox."""
        return self.directory / ".sandbox.lock"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder."""
        return self.directory / "postgres"

    @property
    def journal(self) -> Path:
        """The objects in S3."""
        return self.directory / "objects.sqlite"

    @property
    def entities(self) -> Path:
        """FileMaker's rows by entity set, JSON; the stand-in reads them when it starts."""
        return self.directory / "filemaker.json"

    @property
    def patients_backup(self) -> Path:
        """An old JSON backup of Nexus's patients, where the starting state has one."""
        return self.directory / "patients.json"

    @property
    def images(self) -> Path:
        """The folder of FileMaker's image exports."""
        return self.directory / "images"

    @property
    def storage(self) -> Path:
        """The folder of frames between assets."""
        return self.directory / "storage"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance."""
        return self.directory / "dagster"

    def log(self, service: str) -> Path:
        """Return where a service's log is."""
        return self.directory / f"{service}.log"

    def process(self, service: str) -> Path:
        """Return where a service's process is recorded."""
        return self.directory / f"{service}.process.json"


@dataclass(frozen=True)
class SandboxSettings:
    """What a sandbox is made of. `is_prepared` turns true when all its data are in place."""

    scale: float
    seed: int
    nexus: str
    faults: tuple[str, ...]
    ports: dict[str, int] = field(default_factory=dict)
    is_prepared: bool = False
    postgres_password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    filemaker_password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    s3_access_key: str = field(default_factory=lambda: f"sandbox{secrets.token_hex(8)}")
    s3_secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(30))

    def cluster(self, layout: Layout) -> Cluster:
        """Return the sandbox's PostgreSQL, running or not."""
        return Cluster(layout.postgres, self.ports.get("postgres", 0), self.postgres_password)

    def environment(self, layout: Layout) -> dict[str, str]:
        """Return every variable the reimport reads."""
        cluster = self.cluster(layout)
        return {
            "FILEMAKER_HOST": f"http://{LOCALHOST}:{self.ports['filemaker']}",
            "FILEMAKER_DATABASE": FILEMAKER_DATABASE,
            "FILEMAKER_USERNAME": FILEMAKER_USERNAME,
            "FILEMAKER_PASSWORD": self.filemaker_password,
            "NEXUS_DATABASE_URL": cluster.url("nexus"),
            "AWS_ACCESS_KEY_ID": self.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3_secret_key,
            "AWS_REGION": REGION,
            "AWS_S3_BUCKET_NAME": BUCKET,
            "AWS_ENDPOINT_URL_S3": f"http://{LOCALHOST}:{self.ports['object-store']}",
            "IMAGE_CSV_DIR": str(layout.images),
            "NEXUS_REIMPORT_STORAGE": str(layout.storage),
            "DAGSTER_HOME": str(layout.dagster_home),
            "DAGSTER_PG_URL": cluster.url("dagster"),
            "PG_DUMP": str(program("pg_dump")),
        }

    def save(self, layout: Layout) -> None:
        """Write the settings, and the environment once every port is known, whole or not at all."""
        _write_private(layout.settings, json.dumps(asdict(self), indent=2))
        if {"postgres", "object-store", "filemaker"} <= self.ports.keys():
            lines = [f"{name}='{value}'\n" for name, value in self.environment(layout).items()]
            _write_private(layout.dotenv, "".join(lines))


def read_settings(layout: Layout) -> SandboxSettings | None:
    """Return the settings kept in a sandbox's directory, or None where there is no sandbox."""
    try:
        kept = json.loads(layout.settings.read_text())
    except FileNotFoundError:
        return None
    return SandboxSettings(**{**kept, "faults": tuple(kept["faults"])})


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
