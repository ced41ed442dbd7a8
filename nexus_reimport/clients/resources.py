"""The Dagster resources: how assets reach FileMaker, Nexus and the bucket, and a run's own options."""

from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from nexus_reimport.clients.filemaker import BasicAuth, FileMakerClient, FmidAuth
from nexus_reimport.settings import latest_fmid_token


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

    def client(self, on_progress: Callable[[int, int | None], None]) -> FileMakerClient:
        """Return a client; `on_progress` hears how many records have come, and of how many."""
        return FileMakerClient(
            self.host,
            self.database,
            self._auth(),
            ca_bundle=self.ca_bundle,
            requests_per_second=self.requests_per_second,
            on_progress=on_progress,
        )

    def _auth(self) -> BasicAuth | FmidAuth:
        if self.fmid_token:
            given = self.fmid_token
            return FmidAuth(given, renew=lambda: latest_fmid_token() or given)
        return BasicAuth(self.username or "", self.password or "")


class NexusResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """Nexus's PostgreSQL."""

    database_url: str = Field(description="postgresql://…")


class BucketResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """The name of the bucket; how to reach it is `dagster-aws`'s S3 resource."""

    name: str = Field(description="The bucket with the clinic's files")


class RunOptions(dg.ConfigurableResource):  # type: ignore[type-arg]  # it holds no inner value
    """What the person who starts a run may decide about it."""

    as_of: str | None = Field(
        default=None,
        description="The run's instant, ISO 8601 with offset; where empty, when the run was created.",
    )
    limit: int | None = Field(
        default=None, ge=1, description="Stage only so many patients, the first by id, and what is theirs."
    )
    allow_shrunk: list[str] = Field(
        default=[],
        description="Tables that may hold fewer than 90 % of the last publication's rows, by name.",
    )

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
