"""A hundred ordinary days of a clinic stop nothing, neither at a source nor before a publication.

Each day's sources are held against those of the last publication. Every tenth day is published, which is
harder for the guard than every day: ORDINARY_DAYS=1 publishes all of them, and takes some minutes.
"""

import os
from datetime import timedelta

from nexus_reimport.load.our_tables.figures import read_last_figures
from nexus_reimport.load.publication import PublicationTerms, publish
from nexus_reimport.sandbox.clinic import synthetic_clinic
from nexus_reimport.validate.shrinking import losses_between
from nexus_reimport_tests.line import load_state
from nexus_reimport_tests.ordinary_days import clinic_of
from nexus_reimport_tests.staged_clinic import sources_of, staged
from nexus_reimport_tests.transform.records import AS_OF

EVERY = int(os.environ.get("ORDINARY_DAYS", "10"))


def test_a_hundred_ordinary_days_stop_nothing(nexus_database: str) -> None:
    synthetic = synthetic_clinic(0.06)
    load_state(nexus_database, "empty", synthetic)
    first = sources_of(synthetic)
    publish(
        nexus_database,
        "first",
        AS_OF,
        staged(nexus_database, first),
        terms=PublicationTerms(made_of=first.made_of),
    )
    clinic, written = clinic_of(synthetic, first), 0
    last = read_last_figures(nexus_database)
    for number in range(1, 101):
        clinic.a_day(number)
        sources = clinic.now()
        for name, figures in sources.figures.items():
            assert list(losses_between(name, last[name], figures)) == [], number
        if number % EVERY == 0:
            as_of = AS_OF + timedelta(days=number)
            tables = staged(nexus_database, sources, as_of)
            done = publish(
                nexus_database,
                f"day {number}",
                as_of,
                tables,
                terms=PublicationTerms(made_of=sources.made_of),
            )
            written += sum(counts.updated for counts in done.tables.values())
            last = read_last_figures(nexus_database)
    assert written > 300
