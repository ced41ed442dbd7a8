"""The Dagster resources: how assets reach FileMaker, Nexus and the bucket, and a run's own options."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_aws.s3 import S3Resource
from obstore.store import S3Store
from pydantic import Field, PrivateAttr

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.extract.bucket import prove_listable
from nexus_reimport.extract.filemaker import AccountState, BasicAuth, FileMakerClient, FmidAuth
from nexus_reimport.extract.filemaker.client import ignore_progress
from nexus_reimport.extract.image_exports import ImageExports
from nexus_reimport.extract.mappings_file import read_mappings
from nexus_reimport.load.database.readiness import prove_readable, prove_writable
from nexus_reimport.model.filemaker import ENTITY_SETS, EntitySet
from nexus_reimport.model.loopback import require_private
from nexus_reimport.model.options import Options
from nexus_reimport.model.setting_values import require_postgres
from nexus_reimport.settings import latest_fmid_token
from nexus_reimport.transform.mappings import NOTHING_SAID, Mappings


def asset_key(entity_set: EntitySet) -> dg.AssetKey:
    """Return the key of the asset that an entity set is extracted into."""
    return dg.AssetKey(["filemaker", entity_set.asset])


# A server that takes longer for a page of nothing is told as one that does not answer.
QUICK_SECONDS = 4
# The jobs of the whole line. A run of one names no assets where it is to make them all.
REIMPORT, DRY_RUN = "reimport", "dry_run"
_ALL_OF = {REIMPORT: ("files", "plan", "nexus"), DRY_RUN: ("files", "plan")}


def _takes(context: dg.InitResourceContext, name: str) -> bool:
    """Say whether a run makes the asset of this name, or any under it."""
    run = context.run
    if run is None or run.asset_selection is None:
        return run is not None and name in _ALL_OF.get(run.job_name, ())
    return any(key.path[0] == name for key in run.asset_selection)


class FileMakerResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """FileMaker's OData, signed in by name and password or by an FMID token."""

    host: str = Field(description="https://…, or plain http to this machine")
    database: str = Field(description="The FileMaker database's name")
    username: str | None = Field(default=None, description="An account with the fmodata privilege")
    password: str | None = Field(default=None, description="Its password")
    fmid_token: str | None = Field(
        default=None, description="A FileMaker Cloud token, in place of the account"
    )
    ca_bundle: str | None = Field(default=None, description="File of a private certificate authority")
    requests_per_second: float = Field(default=10, gt=0, description="Never more requests than this")
    _standing: AccountState = PrivateAttr(default_factory=AccountState)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Ask one small thing before anything is read: what all extracts would meet is told once, at once."""
        chosen = context.run.asset_selection if context.run else None
        with self.client(ignore_progress) as client:
            client.prove([one for one in ENTITY_SETS if chosen is None or asset_key(one) in chosen])

    def client(self, on_progress: Callable[[int, int | None], None]) -> FileMakerClient:
        """Return a client; `on_progress` hears how many records have come, and of how many."""
        return FileMakerClient(
            self.host,
            self.database,
            self._auth(),
            ca_bundle=self.ca_bundle,
            requests_per_second=self.requests_per_second,
            on_progress=on_progress,
            standing=self._standing,
        )

    def _auth(self) -> BasicAuth | FmidAuth:
        if self.fmid_token:
            given = self.fmid_token
            return FmidAuth(given, renew=lambda: latest_fmid_token() or given)
        return BasicAuth(self.username or "", self.password or "")


class NexusResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """Nexus's PostgreSQL."""

    database_url: str = Field(description="postgresql://…")
    readonly_url: str | None = Field(
        default=None, description="The same database for a role that can only read: plans are made by it"
    )

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse, before anything is read, what a run would meet once all is staged: see `readiness`."""
        require_postgres(self.database_url, "NEXUS_DATABASE_URL")
        if self.readonly_url:
            require_postgres(self.readonly_url, "NEXUS_READONLY_DATABASE_URL")
        if _takes(context, "nexus"):
            prove_writable(self.database_url)
        if _takes(context, "plan"):
            prove_readable(self.planning_url)

    @property
    def planning_url(self) -> str:
        """Where a plan reads: as the role that can't write, if there is one."""
        return self.readonly_url or self.database_url


class BucketResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """The clinic's bucket; it is reached as `dagster-aws`'s S3 resource says."""

    name: str = Field(description="The bucket with the clinic's files")

    def store(self, s3: S3Resource) -> S3Store:
        """Return the bucket for many small requests at once, which cost less here than through boto3."""
        return open_bucket(self.name, s3)


class ProvedS3Resource(S3Resource):
    """S3 by an account that is asked, before anything is read, whether it may list the bucket."""

    bucket: str = Field(description="The bucket with the clinic's files")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Ask for one page of nothing: what every request would meet is told at once."""
        if _takes(context, "files"):
            quick: Any = {"max_retries": 1, "retry_timeout": timedelta(seconds=2 * QUICK_SECONDS)}
            prove_listable(open_bucket(self.bucket, self, QUICK_SECONDS, retry_config=quick), self.bucket)


def open_bucket(name: str, s3: S3Resource, seconds: int = 60, **options: Any) -> S3Store:
    """Return a bucket; a request may take so many seconds. Raises SettingsRefused for http to elsewhere."""
    endpoint = s3.endpoint_url or "https:"
    require_private(endpoint, "AWS_ENDPOINT_URL_S3")
    named = {
        "region": s3.region_name,
        "endpoint": s3.endpoint_url,
        "access_key_id": s3.aws_access_key_id,
        "secret_access_key": s3.aws_secret_access_key,
        "session_token": s3.aws_session_token,
    }
    config: Any = {key: value for key, value in named.items() if value}
    client: Any = {"allow_http": not endpoint.startswith("https:"), "timeout": timedelta(seconds=seconds)}
    return S3Store(name, client_options=client, **options, **config)


class ImageCsvFolder(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """Where FileMaker's exports of image metadata are dropped."""

    folder: str = Field(description="The folder with Image_dataV*.csv")
    s3_prefix: str | None = Field(default=None, description="A prefix in the bucket, beside the folder")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse a folder that is none before anything is read, where no other place is named."""
        if _takes(context, "files") and not self.s3_prefix and not Path(self.folder).is_dir():
            message = "IMAGE_CSV_DIR: there is no such folder. FileMaker's exports are dropped there."
            raise SettingsRefused(message)

    def exports(self, bucket: BucketResource, s3: S3Resource) -> ImageExports:
        """Return the exports that there are in both places."""
        store = bucket.store(s3) if self.s3_prefix else None
        return ImageExports(Path(self.folder), store, self.s3_prefix)


class MappingsFile(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """What the clinic's people say of names that differ between FileMaker and Nexus."""

    path: str | None = Field(default=None, description="mappings.toml; nothing is said where there is none")

    def read(self) -> Mappings:
        """Return what the file says. Raise Failure where it can't be used."""
        try:
            return read_mappings(self.path) if self.path else NOTHING_SAID
        except SettingsRefused as error:
            raise dg.Failure(str(error), allow_retries=False) from None


class RunOptions(Options, dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """What the person who starts a run may decide about it, as Dagster's configuration."""

    @property
    def holds_without_clinic(self) -> bool:
        """Whether appointments without any clinic are held back. Raises Failure for another word."""
        _fail_where(self.unknown_word("without_clinic"))
        return self.without_clinic == "hold"

    def proved(self) -> Options:
        """Return the options. Raises Failure where a word by table, or a column, is none that there is."""
        _fail_where(self.unknown_by_table() or self.unknown_columns())
        return self

    def instant(self, context: dg.AssetExecutionContext) -> datetime:
        """Return the run's one instant (UTC): its own option, else when its first attempt was created."""
        if self.as_of:
            return datetime.fromisoformat(self.as_of).astimezone(UTC)
        run = context.run
        record = context.instance.get_run_record_by_id(run.root_run_id or run.run_id)
        if record is None:
            message = "The run is not in Dagster's storage, so its instant is not known."
            raise dg.DagsterInvariantViolationError(message)
        created: datetime = record.create_timestamp
        return created.astimezone(UTC)


def _fail_where(wrong: str | None) -> None:
    if wrong:
        raise dg.Failure(wrong, allow_retries=False)
