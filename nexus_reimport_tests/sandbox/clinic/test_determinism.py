"""The same scale and seed give the same bytes in any process; another seed gives another clinic."""

import hashlib
import os
import subprocess
import sys

from nexus_reimport.sandbox.clinic import SyntheticClinic, older_import_known, peoples_rows, synthetic_clinic

DIGEST = """
import hashlib
from nexus_reimport.sandbox.clinic import (older_import_known, synthetic_clinic)
from nexus_reimport.sandbox.clinic import peoples_rows
clinic = synthetic_clinic(0.02)
print(hashlib.sha256(repr((clinic, older_import_known(clinic), peoples_rows(clinic))).encode()).hexdigest())
"""


def digest_elsewhere() -> str:
    """The digest found by another process, which hashes texts otherwise and lives in another time zone."""
    environment = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "America/Lima"}
    found = subprocess.run(  # noqa: S603 - this very interpreter, with a text of ours
        [sys.executable, "-c", DIGEST], env=environment, capture_output=True, check=True, text=True
    )
    return found.stdout.strip()


def test_another_process_with_another_hash_seed_and_zone_makes_the_same_bytes(small: SyntheticClinic) -> None:
    made = repr((small, older_import_known(small), peoples_rows(small)))
    assert digest_elsewhere() == hashlib.sha256(made.encode()).hexdigest()


def test_two_calls_in_one_process_make_the_same_clinic(small: SyntheticClinic) -> None:
    again = synthetic_clinic(0.02)
    assert again == small
    assert repr(again) == repr(small)


def test_another_seed_makes_another_clinic_of_the_same_counts(small: SyntheticClinic) -> None:
    other = synthetic_clinic(0.02, seed=8)
    assert other.expected == small.expected
    assert not {row["id"] for row in other.entities["API_Contacts"]} & {
        row["id"] for row in small.entities["API_Contacts"]
    }
