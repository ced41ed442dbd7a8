"""The check inside the publication, executed alone: an answer about Nexus as it is, and nothing written."""

import dagster as dg
import pytest

from nexus_reimport.orchestration.assets.nexus import PROVED
from nexus_reimport_tests.line import Line, query
from nexus_reimport_tests.line_fixtures import MakeLine
from nexus_reimport_tests.writes import last_writes

pytestmark = pytest.mark.xdist_group("line")

DOCUMENTS = dg.AssetKey(["nexus", "documents"])


def test_the_proof_of_links_can_be_asked_for_without_publishing(make_line: MakeLine) -> None:
    line = make_line()
    line.run()
    before = last_writes(line.url)
    assert _proof(line).passed
    assert last_writes(line.url) == before
    query(
        line.url,
        "UPDATE documents_document SET object_id = gen_random_uuid()"
        " WHERE id = (SELECT min(id::text)::uuid FROM documents_document WHERE object_id IS NOT NULL)",
    )
    found = _proof(line)
    assert not found.passed
    assert found.metadata["broken"].value == {"object_id": 1}


def _proof(line: Line) -> dg.AssetCheckEvaluation:
    proof = dg.AssetCheckKey(DOCUMENTS, PROVED)
    job = dg.define_asset_job("proof", selection=dg.AssetSelection.checks(proof))
    definitions = dg.Definitions.merge(line.definitions(), dg.Definitions(jobs=[job]))
    result = definitions.resolve_job_def("proof").execute_in_process(instance=line.instance)
    [evaluation] = result.get_asset_check_evaluations()
    assert evaluation.asset_check_key == proof
    assert result.get_asset_materialization_events() == []
    return evaluation
