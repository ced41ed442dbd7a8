"""The table of contents: it loads, leaves nothing out, and each layer knows only what it may."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

import nexus_reimport
from nexus_reimport import definitions
from nexus_reimport.definitions import CHECKS, FRAME_ASSETS, GATE, build_definitions
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.frames import IMAGE_EXPORT, NEXUS_STATE, S3_LISTING, THUMBNAIL_FACTS, TOUCHED_ROWS
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.settings import SETTINGS

PROJECT = Path(nexus_reimport.__file__).parents[1]
FRAMES_SHOWN = (
    *(one.frame for one in ENTITY_SETS),
    *(table.staged for table in TABLES),
    *(S3_LISTING, IMAGE_EXPORT, THUMBNAIL_FACTS, NEXUS_STATE, TOUCHED_ROWS),
)
STAGED = {dg.AssetKey(["staged", table.name]) for table in TABLES}
PUBLISHED = {dg.AssetKey(["nexus", table.name]) for table in TABLES}


def test_every_source_every_staged_table_and_every_target_is_an_asset() -> None:
    graph = build_definitions().resolve_asset_graph()
    sources = {dg.AssetKey(["filemaker", one.asset]) for one in ENTITY_SETS}
    others = {dg.AssetKey(["files", "s3_listing"]), dg.AssetKey("nexus_state")}
    assert set(graph.materializable_asset_keys) >= sources | others | STAGED | PUBLISHED
    assert build_definitions().resolve_all_asset_specs()


def test_the_browser_says_of_each_column_what_it_holds() -> None:
    graph = build_definitions().resolve_asset_graph()
    shown = {key: graph.get(key).metadata.get("dagster/column_schema") for key in graph.get_all_asset_keys()}
    assert shown.keys() >= STAGED | PUBLISHED
    for key, schema in shown.items():
        for column in schema.columns if isinstance(schema, dg.TableSchema) else ():
            assert column.description, (key, column.name)
    for frame in FRAMES_SHOWN:
        schema = shown[dg.AssetKey(frame.name.split("/"))]
        assert isinstance(schema, dg.TableSchema)
        assert tuple(column.name for column in schema.columns) == frame.names
    people = shown[dg.AssetKey(["nexus", "patients"])]
    assert isinstance(people, dg.TableSchema)
    sex = next(column for column in people.columns if column.name == "sex")
    assert sex.description == "Sex. Its value: from FileMaker."
    assert (sex.type, sex.constraints.other) == ("varchar(20)", ["one of M, F, O, U"])


def test_everything_can_be_loaded_as_dagster_loads_it() -> None:
    dg.Definitions.validate_loadable(definitions.defs)


def test_the_full_job_has_every_asset_and_every_check() -> None:
    project = build_definitions()
    graph = project.resolve_asset_graph()
    layer = project.resolve_job_def("reimport").asset_layer
    assert set(layer.asset_graph.materializable_asset_keys) == set(graph.materializable_asset_keys)
    assert set(layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)


def test_post_validation_materializes_nothing() -> None:
    layer = build_definitions().resolve_job_def("validation_post").asset_layer
    assert set(layer.selected_asset_keys) == set()
    checked = {key.asset_key for key in layer.asset_graph.asset_check_keys}
    assert checked >= PUBLISHED


def test_the_gate_knows_every_blocking_check_on_the_way_to_nexus() -> None:
    lineage = GATE.lineage(sorted(STAGED))
    assert lineage == {spec.key for one in FRAME_ASSETS for spec in one.specs}
    for key in lineage:
        assert GATE.blocking.get(key), key
    blocking = {spec.key for check in CHECKS for spec in check.check_specs if spec.blocking}
    known = {dg.AssetCheckKey(key, name) for key, names in GATE.blocking.items() for name in names}
    assert known == blocking
    needed = {"links_inside_the_staged_set", "not_shrunk", "ids_unique"}
    for key in STAGED:
        read = set() if key.path[-1] == "image_batches" else {"every_source_row_accounted_for"}
        assert GATE.blocking[key] >= needed | read


def test_nothing_that_comes_after_the_publication_feeds_it() -> None:
    graph = build_definitions().resolve_asset_graph()
    for key in PUBLISHED:
        staged = dg.AssetKey(["staged", key.path[-1]])
        assert graph.get(key).parent_keys == {staged, dg.AssetKey("backup")}


def test_resources_given_take_the_place_of_those_of_the_environment() -> None:
    marker = object()
    assert build_definitions({"nexus": marker}).resources["nexus"] is marker  # type: ignore[index]  # there are resources


def test_loading_without_settings_names_them_and_does_not_fail() -> None:
    code = "import nexus_reimport.definitions"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={}, cwd="/"
    )
    assert "A run will fail until these are set: FILEMAKER_HOST" in done.stderr
    for setting in SETTINGS:
        assert (setting.name in done.stderr) == setting.required


def test_layers_know_only_what_they_may() -> None:
    """What must not import Dagster, do input or know the sandbox, does not: see pyproject.toml."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(  # noqa: S603 - our own program
        [program, "--no-cache"], capture_output=True, text=True, check=False, cwd=PROJECT
    )
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout
