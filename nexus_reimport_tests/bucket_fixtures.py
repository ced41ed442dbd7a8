"""Fixtures of whatever reads or writes the clinic's files: a bucket behind a relay that counts."""

from collections.abc import Iterator

import pytest

from nexus_reimport_tests.file_buckets import FILES, Files, client_at
from nexus_reimport_tests.served_bucket import Relay, relay_to, served_bucket


@pytest.fixture(scope="session")
def bucket_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One S3 server; each test uses keys of its own."""
    with served_bucket(tmp_path_factory.mktemp("bucket")) as port:
        yield port


@pytest.fixture
def bucket(bucket_port: int) -> Iterator[Relay]:
    """The bucket through a relay that has counted nothing yet."""
    with relay_to(bucket_port) as relay:
        yield relay


@pytest.fixture
def files(bucket: Relay, bucket_port: int) -> Iterator[Files]:
    """The bucket with nothing but a few files, and a relay to it."""
    client = client_at(f"http://127.0.0.1:{bucket_port}")
    found = Files(bucket, client)
    # What other tests have left in the one bucket would be folders that a backup leaves out.
    found.delete(*found.keys())
    found.put_all(FILES)
    yield found
    found.delete(*found.keys())
