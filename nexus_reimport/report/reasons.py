"""Why a row was not taken, or taken with a remark: every reason code, in words for who knows no program."""

# Codes that mean something else in one table than in the others.
_OF_ONE_TABLE: dict[tuple[str, str], str] = {
    (
        "images",
        "bad_id",
    ): "In the image export, the row of this photograph has an id that is not a proper one.",
    ("images", "duplicate_id"): "In the image export, two rows carry the same id, so neither can be trusted.",
    ("images", "bad_date"): "In the image export, the date of this photograph is not a date.",
    ("images", "no_metadata"): "The photograph is in the file store, but the image export has no row for it, "
    "so nobody knows whose it is.",
    (
        "images",
        "patient_not_found",
    ): "The patient this photograph belongs to is neither in FileMaker nor in Nexus.",
    ("images", "empty"): "The photograph's file has nothing in it.",
    ("images", "too_long"): "A text was longer than Nexus allows and was cut.",
    ("patients", "bad_date"): "A date could not be read and was left empty.",
    ("patients", "unknown_clinic"): "Nexus does not have the patient's clinic; it was left empty.",
    ("notes", "bad_date"): "The note's day could not be read; the time the note was made is used.",
    ("notes", "patient_not_found"): "The patient this note belongs to is neither in FileMaker nor in Nexus.",
    (
        "appointments",
        "patient_not_found",
    ): "The patient of this appointment is neither in FileMaker nor in Nexus.",
    (
        "appointments",
        "unknown_clinic",
    ): "Nexus does not have the calendar's clinic; the patient's clinic is used.",
    (
        "sms_messages",
        "patient_not_found",
    ): "Nobody has this id or number. The message is kept, without a patient.",
    ("documents", "patient_not_found"): "The document's patient is not known. It is kept, without a patient.",
    ("documents", "bad_date"): "The document's date could not be read and was left empty.",
    ("documents", "no_metadata"): "There is a file without a record in FileMaker. It was left alone.",
    ("appointments", "not_a_choice"): "The status is none that Nexus knows; it was decided by the date.",
    ("sms_messages", "not_a_choice"): "The status is none that Nexus knows; the message counts as sent.",
    (
        "patients",
        "not_a_choice",
    ): "The title or sex is none that Nexus knows; the original is kept beside it.",
}

_ANYWHERE: dict[str, str] = {
    # Any table.
    "bad_id": "The record's id in FileMaker is not a proper id.",
    "duplicate_id": "Another record in FileMaker has the same id; the first one is used.",
    "deleted_in_nexus": "Somebody deleted this in Nexus, and this run was told to leave it gone.",
    "unreadable_value": "FileMaker sent something that can't be read in place of a value; it was left empty.",
    "unreadable_character": "FileMaker sent a character that can't be read; a � stands in its place.",
    "limit": "Left out on purpose: this run was limited to some patients.",
    "no_timestamp": "Nothing says when the record was made; 1 January 2000 is used.",
    "claimed_twice": "Several rows in Nexus say they are this record. One of them is kept up to date.",
    "adoption_undecided": "An older import's row in Nexus may be this record, or another. It was left alone.",
    "too_long": "A text was longer than Nexus allows; it was cut or left empty.",
    "bad_date": "A date could not be read.",
    "not_a_choice": "The value is none that Nexus knows; the usual one is used.",
    "patient_not_found": "The patient is neither in FileMaker nor in Nexus.",
    "ambiguous_time": "The clock was turned back that day and the hour happened twice; the first is used.",
    "nonexistent_time": "The clock was turned forward and the hour never happened; it was moved on.",
    "unknown_clinic": "Nexus does not have this clinic.",
    # Patients.
    "no_name": "The contact has neither a first nor a last name.",
    "dob_out_of_range": "The date of birth is before 1850 or in the future; it was left empty.",
    "date_out_of_range": "The photograph's date is before 1850 or in the future; it was left empty.",
    "unknown_funding": "Nexus does not have the patient's funding source; it was left empty.",
    "unknown_funding_source": "Nexus has no active funding source of that name; invoices will have none.",
    "blank_name": "FileMaker lacks one of the patient's names; a dash, or what the settings say, is used.",
    "unknown_detail_type": "A contact detail is no phone, mobile, email or address; it was kept as it is.",
    # Appointments.
    "no_patient_link": "The appointment names no patient.",
    "no_start": "The appointment has no start date.",
    "bad_start": "The appointment's start can't be read.",
    "end_before_start": "The appointment ends before it starts; the start is used for both.",
    "bad_end": "The appointment's end can't be read; the start is used for both.",
    "no_clinic": "Neither the calendar nor the patient says which clinic. Nexus can't list a day with it.",
    "default_clinic": "Neither the calendar nor the patient says which clinic; the default is used.",
    "unknown_clinician": "Nexus does not have this clinician; it was left empty.",
    "unknown_type": "Nexus does not have this type of appointment; it was left empty.",
    # Notes.
    "empty_content": "The note has no text.",
    # Messages.
    "empty_body": "The message has no text.",
    "no_number": "The message has no phone number.",
    "bad_number": "Nothing in the message's phone number field can be a number.",
    "several_patients": "More than one patient has this number. The message is kept, without a patient.",
    "appointment_not_found": "The message's appointment is not known. The message is kept without it.",
    "words_left_out": "There were words beside the phone number; only the number was kept.",
    "bad_timestamp": "The time of sending can't be read; it was left empty.",
    # Documents.
    "no_file": "The record in FileMaker has no file in the file store.",
    "several_files": "Several files have this id; the newest is used.",
    "key_too_long": "The file's name is longer than Nexus allows.",
    "file_too_big": "The file is bigger than Nexus can note down.",
    # Photographs: rows of the image export.
    "bad_recid": "In the image export, the row's number is not a number.",
    "duplicate_recid": "In the image export, two different rows have the same number.",
    "no_contact": "In the image export, the row names no patient.",
    "bad_contact": "In the image export, the patient's id is not a proper id.",
    "no_metadata": "There is a file, but no record says whose it is.",
    "no_object": "The image export has a row, but the photograph is not in the file store.",
    # Photographs: files.
    "several_objects": "Another file of the same name is the photograph.",
    "no_thumbnail": "No small picture was made yet. The next full run makes it.",
    "stale_thumbnail": "The photograph changed after its small picture was made. The next full run mends it.",
    "shared_thumbnail": "Another photograph would have its small picture under the same name.",
    "no_batch": "Its group of photographs was deleted in Nexus and stays gone, or is not ready; then the "
    "next full run mends it.",
    "empty": "The file has nothing in it.",
    "not_an_image": "The file is not a picture, whatever its name says.",
    "no_end_marker": "The photograph is whole, though its file stops before the mark at its end.",
    "truncated": "Part of the picture is missing: the upload was cut short. Upload it again.",
    "damaged": "The file is damaged and can't be opened. Upload it again from its source.",
    "too_large": "The picture is too large to be opened safely.",
    "unsupported": "A kind of picture that can't be read here. Save it as JPEG and upload it again.",
    "archived": "The file lies in an archive. Restore it in the file store; then the next full run takes it.",
    "forbidden": "This one file may not be read with our key. Allow it in the file store.",
    "encryption_denied": "The file is encrypted with a key that may not be used. Allow it in the file store.",
    "unusable_key": "The file's name in the file store can't be used. Give it another one there.",
    "refused": "The file store would not give out this one file. Look at it there.",
    "gone": "The file was deleted while the run went on.",
    "changed_meanwhile": "The file was replaced while the run went on; the next run reads the new one.",
    # The image export as a whole.
    "undecodable": "The image export has characters that can't be read.",
    "nul": "The image export was not written to its end.",
    "cut_short": "The image export stops in the middle: it was cut short, or is still being written.",
    "missing_column": "The image export lacks a column that is needed.",
    "repeated_column": "The image export has a column twice.",
    "no_header": "The image export has no line with names of columns.",
    "no_rows": "The image export has nothing under its line of names.",
    "wrong_field_count": "A line of the image export has too many or too few values.",
    "bad_quotes": "A quotation mark in the image export is not closed.",
    "day_first": "Dates in the image export are written day first, so all of them are in doubt.",
    "contradicting_dates": "Dates in the image export are written in two ways.",
    "unknown_encoding": "The encoding named for the image export is not known.",
    "bad_delimiter": "The delimiter named for the image export is more than one character.",
}


def known_reasons() -> frozenset[str]:
    """Return every reason code that has an explanation."""
    return frozenset(_ANYWHERE)


def explain(table: str, reason: str) -> str:
    """Return a reason in plain words. An unknown code is said to be one, so that a page is never without."""
    unknown = f"The reason has no explanation yet; its code is {reason}."
    return _OF_ONE_TABLE.get((table, reason)) or _ANYWHERE.get(reason, unknown)
