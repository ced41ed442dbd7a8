"""The synthetic clinic, whole and at a fiftieth, made once for all tests about it."""

import pytest

from nexus_reimport.sandbox.clinic import OlderImport, SyntheticClinic, older_import_known, synthetic_clinic


@pytest.fixture(scope="session")
def whole() -> SyntheticClinic:
    """The clinic at scale 1."""
    return synthetic_clinic()


@pytest.fixture(scope="session")
def small() -> SyntheticClinic:
    """The clinic at the smallest scale that still has every kind of dirt."""
    return synthetic_clinic(0.02)


@pytest.fixture(scope="session")
def older(whole: SyntheticClinic) -> OlderImport:
    """What the old scripts made of the whole clinic."""
    return older_import_known(whole)
