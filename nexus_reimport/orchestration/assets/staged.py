"""The staged tables: rows exactly as Nexus will hold them, ids decided, and what was rejected."""

from collections.abc import Callable
from typing import TypeAlias

import dagster as dg
import pandas as pd

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import (
    APPOINTMENTS,
    DOCUMENTS,
    IMAGE_BATCHES,
    IMAGES,
    NOTES,
    PATIENTS,
    SMS_MESSAGES,
)
from nexus_reimport.orchestration.assets.metadata import OWNERS, staged_columns, staged_facts
from nexus_reimport.orchestration.assets.thumbnails import known_thumbnails
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.resources import BucketResource, MappingsFile, RunOptions
from nexus_reimport.transform.appointments import stage_appointments
from nexus_reimport.transform.deleted_in_nexus import without_deleted
from nexus_reimport.transform.documents import stage_documents
from nexus_reimport.transform.images import stage_image_batches, stage_images, warn_of_unseen
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.notes import stage_notes
from nexus_reimport.transform.patients import stage_patients
from nexus_reimport.transform.sms_messages import stage_sms_messages
from nexus_reimport.transform.staged import Staged

StagedAsset: TypeAlias = Callable[[Callable[..., dg.Output[Staged]]], dg.AssetsDefinition]


def staged_asset(table: Table, *made_from: str, deps: tuple[str, ...] = ()) -> StagedAsset:
    """Return the decorator of a staged table; `made_from` names assets, whose last parts are parameters.

    `deps` names assets that the function reads itself, since a dry run may come before they are made.
    """
    ins = {name.rpartition("/")[2]: dg.AssetIn(key=name.split("/")) for name in made_from}
    return dg.asset(
        name=table.name,
        key_prefix="staged",
        group_name="staged",
        kinds={"pandas", "parquet"},
        owners=OWNERS,
        metadata={"dagster/column_schema": staged_columns(table)},
        ins=ins,
        deps=[dg.AssetKey(name.split("/")) for name in deps],
    )


def _output(staged: Staged, table: Table, state: NexusState, options: RunOptions) -> dg.Output[Staged]:
    if options.stays_deleted(table.name):
        staged = without_deleted(staged, state.gone(table.name), table)
    return dg.Output(staged, metadata=staged_facts(staged))


@staged_asset(PATIENTS, "filemaker/contacts", "filemaker/contact_details", "filemaker/clinics")
@keeps_values_out_of_errors
def staged_patients(
    context: dg.AssetExecutionContext,
    contacts: pd.DataFrame,
    contact_details: pd.DataFrame,
    clinics: pd.DataFrame,
    nexus_state: pd.DataFrame,
    options: RunOptions,
    mappings: MappingsFile,
) -> dg.Output[Staged]:
    """Patients, with phones, emails and addresses gathered from their details."""
    state, as_of = NexusState(nexus_state), options.instant(context)
    said = mappings.read()
    staged = stage_patients(contacts, contact_details, clinics, state, as_of, options.limit, said)
    return _output(staged, PATIENTS, state, options)


@staged_asset(APPOINTMENTS, "filemaker/events", "filemaker/clinics", "staged/patients")
@keeps_values_out_of_errors
def staged_appointments(
    context: dg.AssetExecutionContext,
    events: pd.DataFrame,
    clinics: pd.DataFrame,
    patients: Staged,
    nexus_state: pd.DataFrame,
    options: RunOptions,
    mappings: MappingsFile,
) -> dg.Output[Staged]:
    """Appointments: the events that are a patient's, Sydney wall time turned into UTC."""
    state, as_of = NexusState(nexus_state), options.instant(context)
    hold = options.holds_without_clinic
    staged = stage_appointments(
        events, clinics, patients, state, as_of, mappings.read(), hold_without_clinic=hold
    )
    return _output(staged, APPOINTMENTS, state, options)


@staged_asset(NOTES, "filemaker/notes", "staged/patients")
@keeps_values_out_of_errors
def staged_notes(
    context: dg.AssetExecutionContext,
    notes: pd.DataFrame,
    patients: Staged,
    nexus_state: pd.DataFrame,
    options: RunOptions,
) -> dg.Output[Staged]:
    """Clinical and other notes, typed by the words in their FileMaker type."""
    state = NexusState(nexus_state)
    return _output(stage_notes(notes, patients, state, options.instant(context)), NOTES, state, options)


@staged_asset(SMS_MESSAGES, "filemaker/messages", "staged/patients", "staged/appointments")
@keeps_values_out_of_errors
def staged_sms_messages(
    context: dg.AssetExecutionContext,
    messages: pd.DataFrame,
    patients: Staged,
    appointments: Staged,
    nexus_state: pd.DataFrame,
    options: RunOptions,
) -> dg.Output[Staged]:
    """Sent messages, linked by contact id or by a number that only one patient has."""
    state, as_of = NexusState(nexus_state), options.instant(context)
    staged = stage_sms_messages(messages, patients, appointments, state, as_of)
    return _output(staged, SMS_MESSAGES, state, options)


@staged_asset(DOCUMENTS, "filemaker/docs", "files/s3_listing", "staged/patients")
@keeps_values_out_of_errors
def staged_documents(
    context: dg.AssetExecutionContext,
    docs: pd.DataFrame,
    s3_listing: pd.DataFrame,
    patients: Staged,
    nexus_state: pd.DataFrame,
    bucket: BucketResource,
    options: RunOptions,
) -> dg.Output[Staged]:
    """Documents whose file is in S3; where the patient isn't known, kept without a link."""
    state, as_of = NexusState(nexus_state), options.instant(context)
    staged = stage_documents(docs, s3_listing, patients, state, bucket.name, as_of)
    return _output(staged, DOCUMENTS, state, options)


@staged_asset(IMAGE_BATCHES, "files/image_csv", "files/s3_listing", "staged/patients", deps=("thumbnails",))
@keeps_values_out_of_errors
def staged_image_batches(
    context: dg.AssetExecutionContext,
    image_csv: Staged,
    s3_listing: pd.DataFrame,
    patients: Staged,
    nexus_state: pd.DataFrame,
    frames: dg.ResourceParam[FrameIOManager],
    options: RunOptions,
) -> dg.Output[Staged]:
    """Batches of photographs: one patient on one day."""
    state, as_of = NexusState(nexus_state), options.instant(context)
    thumbnails = known_thumbnails(frames, s3_listing).frame
    staged = stage_image_batches(image_csv.rows, s3_listing, thumbnails, patients, state, as_of)
    return _output(staged, IMAGE_BATCHES, state, options)


@staged_asset(
    IMAGES,
    "files/image_csv",
    "files/s3_listing",
    "staged/patients",
    "staged/image_batches",
    deps=("thumbnails",),
)
@keeps_values_out_of_errors
def staged_images(
    context: dg.AssetExecutionContext,
    image_csv: Staged,
    s3_listing: pd.DataFrame,
    patients: Staged,
    image_batches: Staged,
    nexus_state: pd.DataFrame,
    frames: dg.ResourceParam[FrameIOManager],
    options: RunOptions,
) -> dg.Output[Staged]:
    """Photographs in S3 that the export names, each with its patient, its batch and its thumbnail."""
    state, as_of = NexusState(nexus_state), options.instant(context)
    known = known_thumbnails(frames, s3_listing)
    staged = stage_images(
        image_csv.rows, image_csv.rejects, s3_listing, known.frame, patients, image_batches, state, as_of
    )
    return _output(warn_of_unseen(staged, known.unseen), IMAGES, state, options)


staged_assets = [
    staged_patients,
    staged_appointments,
    staged_notes,
    staged_sms_messages,
    staged_documents,
    staged_image_batches,
    staged_images,
]
