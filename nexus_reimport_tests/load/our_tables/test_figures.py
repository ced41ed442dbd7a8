"""How much sources said commits with what was made of them, and counts no more once that is rolled back."""

import psycopg
import pytest
from obstore.store import MemoryStore
from psycopg.types.json import Jsonb

from nexus_reimport.load.our_tables.figures import MadeOf, read_last_figures
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.load.rollback import rollback
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.transform.source_figures import FieldFigures, SourceFigures
from nexus_reimport_tests.load.rollback.histories import publish_backed_up, staged
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table

FEW, MANY = (SourceFigures(rows, {"DOB": FieldFigures(rows, rows, 0)}) for rows in (3, 9))


def published(url: str, name: str, **sources: SourceFigures) -> Publication:
    tables = {"patients": staged_table(PATIENTS, {"name": "ann", "first_name": name})}
    return publish(url, "run", AS_OF, tables, terms=PublicationTerms(made_of=MadeOf("code", figures=sources)))


def test_the_last_publication_of_each_source_is_what_the_next_is_held_against(nexus_database: str) -> None:
    assert read_last_figures(nexus_database) == {}
    published(nexus_database, "Ann", contacts=MANY, clinics=FEW)
    assert read_last_figures(nexus_database) == {"contacts": MANY, "clinics": FEW}
    published(nexus_database, "Anne", contacts=FEW)
    assert read_last_figures(nexus_database) == {"contacts": FEW, "clinics": FEW}


def test_a_publication_that_is_undone_or_never_committed_leaves_no_figures(nexus_database: str) -> None:
    published(nexus_database, "Ann", contacts=MANY)

    def fail(_: Publication) -> None:
        raise RuntimeError

    tables = {"patients": staged_table(PATIENTS, {"name": "ann", "first_name": "Anne"})}
    with pytest.raises(RuntimeError):
        publish(
            nexus_database,
            "run",
            AS_OF,
            tables,
            fail,
            terms=PublicationTerms(made_of=MadeOf(figures={"contacts": FEW})),
        )
    assert read_last_figures(nexus_database) == {"contacts": MANY}


def test_what_was_rolled_back_is_nothing_to_be_held_against(nexus_database: str) -> None:
    store = MemoryStore()
    for number, figures in enumerate((MANY, FEW), 1):
        rows = staged(nexus_database, {"ben": {"first_name": str(number)}}, {})
        publish_backed_up(nexus_database, store, rows, number)
        with psycopg.connect(nexus_database) as connection:
            connection.execute(
                "UPDATE nexus_reimport.publications SET sources = %s WHERE id = %s",
                [Jsonb({"contacts": figures.as_json()}), number],
            )
    assert read_last_figures(nexus_database) == {"contacts": FEW}
    rollback(nexus_database, store, "undo")
    assert read_last_figures(nexus_database) == {"contacts": MANY}
