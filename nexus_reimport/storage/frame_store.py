"""Where frames live between steps: Parquet under a folder or an `s3://` prefix, whole or not at all."""

import contextlib
import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from obstore.store import LocalStore, ObjectStore, S3Store

from nexus_reimport.exceptions import FrameDamaged, FrameMissing, StorageFailed
from nexus_reimport.model.loopback import require_private
from nexus_reimport.model.setting_values import require_storage
from nexus_reimport.storage.storage_errors import storage_fault, tells_storage_faults

MANIFEST = "manifest.json"
FRAMES = "frames"
# What a new file's mode leaves out: everything for anybody but its owner.
OWNER_ONLY = 0o077
ENCRYPTION = "AES256"
# An S3 server that does not answer is to be told of within 15 s; obstore's own patience is three minutes.
RETRIES: Any = {"max_retries": 4, "retry_timeout": timedelta(seconds=10)}


def open_store(location: str, environ: Mapping[str, str] = os.environ) -> ObjectStore:
    """Open a folder (made if need be, readable by its owner alone) or an `s3://bucket/prefix`.

    S3 encrypts whatever is put there. Opening a folder makes every file that this process writes from then
    on its owner's alone: what it writes is patients' data. Raises SettingsRefused for any other address.
    """
    require_storage(location)
    if not location.startswith("s3://"):
        # Of the process, since a file's mode can't be given to the store; of a single write it can't be set
        # without a thread beside it seeing it.
        os.umask(OWNER_ONLY)
        return LocalStore(_own_folder(location))
    named = {
        "region": environ.get("AWS_REGION"),
        "access_key_id": environ.get("AWS_ACCESS_KEY_ID"),
        "secret_access_key": environ.get("AWS_SECRET_ACCESS_KEY"),
        "endpoint": environ.get("AWS_ENDPOINT_URL_S3"),
    }
    config: Any = {name: value for name, value in named.items() if value}
    config["server_side_encryption"] = ENCRYPTION
    endpoint = str(config.get("endpoint", "https:"))
    require_private(endpoint, "AWS_ENDPOINT_URL_S3")
    options: Any = {"allow_http": not endpoint.startswith("https:"), "timeout": timedelta(seconds=60)}
    options["connect_timeout"] = timedelta(seconds=4)
    return S3Store.from_url(location, client_options=options, retry_config=RETRIES, **config)


def _own_folder(location: str) -> Path:
    """Return the folder, made if need be. Raises StorageFailed where there can't be one."""
    folder = Path(location).expanduser().resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever made the folder, what is in it is its owner's alone.
        (folder / FRAMES).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageFailed(storage_fault(error)) from None
    return folder


def content_version(*frames: pd.DataFrame) -> str:
    """Return a digest of the frames' content: the same rows in the same order give the same digest."""
    digest = hashlib.sha256()
    for frame in frames:
        with pa.ipc.new_stream(_Hashing(digest), _table(frame).schema) as stream:
            stream.write_table(_table(frame))
    return digest.hexdigest()


class _Hashing(io.RawIOBase):
    """A file that keeps nothing of what is written to it but the digest."""

    def __init__(self, digest: "hashlib._Hash") -> None:
        self._digest = digest

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # pyarrow gives its own buffers
        self._digest.update(view)
        return view.nbytes


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None).combine_chunks()


@dataclass(frozen=True)
class Manifest:
    """What a set consists of: the version it was saved with, and each part's file and its SHA-256."""

    version: str
    parts: dict[str, dict[str, str]]


class FrameStore:
    """Named sets of frames, each replaced as a whole.

    A set's Parquet files are written first, under names of their own; the manifest that names them and
    their digests is written last and at once. Who reads sees the old set or the new one.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @tells_storage_faults
    def save(self, name: str, version: str, frames: Mapping[str, pd.DataFrame]) -> None:
        """Replace the set `name` by `frames`; `version` (a run's id) goes into the files' names."""
        earlier = self._earlier_parts(name)
        parts = {part: self._save_part(name, version, part, frame) for part, frame in frames.items()}
        obstore.put(self._store, f"{name}/{MANIFEST}", orjson.dumps(Manifest(version, parts)))
        self._forget(name, parts, earlier)

    @tells_storage_faults
    def load(self, name: str) -> dict[str, pd.DataFrame]:
        """Return the set `name`. Raises FrameMissing or, where bytes have changed, FrameDamaged."""
        while manifest := self._manifest(name):
            try:
                return {part: self._load_part(name, entry) for part, entry in manifest.parts.items()}
            except FileNotFoundError:
                # A set that was replaced twice while it was read is read again, as it is now.
                if self._manifest(name) == manifest:
                    raise FrameDamaged(f"A file of {name} is gone: materialize {name} again.") from None
        raise FrameMissing(f"{name} has not been materialized yet: materialize it, or what comes before it.")

    @tells_storage_faults
    def version(self, name: str) -> str | None:
        """Return the version that the set `name` was saved with; None where there is no such set."""
        manifest = self._manifest(name)
        return manifest.version if manifest else None

    def _manifest(self, name: str) -> Manifest | None:
        try:
            content = obstore.get(self._store, f"{name}/{MANIFEST}").bytes()
        except FileNotFoundError:
            return None
        try:
            return Manifest(**orjson.loads(bytes(content)))
        except (orjson.JSONDecodeError, TypeError):
            raise FrameDamaged(f"{name}/{MANIFEST} can't be read: materialize {name} again.") from None

    def _earlier_parts(self, name: str) -> Mapping[str, Mapping[str, str]]:
        """Return what the set to be replaced consists of; a damaged one is replaced all the same."""
        with contextlib.suppress(FrameDamaged):
            manifest = self._manifest(name)
            return manifest.parts if manifest else {}
        return {}

    def _save_part(self, name: str, version: str, part: str, frame: pd.DataFrame) -> dict[str, str]:
        buffer = io.BytesIO()
        pq.write_table(_table(frame), buffer, compression="zstd")
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        file = f"{part}-{version[:8]}-{digest[:12]}.parquet"
        obstore.put(self._store, f"{name}/{file}", content)
        return {"file": file, "sha256": digest}

    def _load_part(self, name: str, entry: Mapping[str, str]) -> pd.DataFrame:
        content = bytes(obstore.get(self._store, f"{name}/{entry['file']}").bytes())
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise FrameDamaged(f"{name}/{entry['file']} is not what was written: materialize {name} again.")
        return pq.read_table(io.BytesIO(content)).to_pandas(types_mapper=pd.ArrowDtype)

    def _forget(
        self, name: str, current: Mapping[str, Mapping[str, str]], earlier: Mapping[str, Mapping[str, str]]
    ) -> None:
        """Delete what neither this set nor the one before it names: a slow reader may be at that one."""
        kept = {entry["file"] for parts in (current, earlier) for entry in parts.values()} | {MANIFEST}
        for chunk in obstore.list(self._store, prefix=f"{name}/"):
            for found in chunk:
                place, _, file = found["path"].rpartition("/")
                if place == name and file not in kept:
                    obstore.delete(self._store, found["path"])
