"""Reasons of SMS messages alone."""

from nexus_reimport.model.reasons.reason import IN_FILEMAKER, NOTHING, Reason, reject, warning

EMPTY_BODY = Reason(
    "empty_body",
    "The message has no text.",
    reject("sms_messages", "MessageBody", "no text"),
    advice=NOTHING,
)
NO_NUMBER = Reason(
    "no_number",
    "The message has no phone number.",
    reject("sms_messages", "RecipientPhoneMobile", "no number"),
    advice=IN_FILEMAKER,
)
BAD_NUMBER = Reason(
    "bad_number",
    "Nothing in the message's phone number field can be a number.",
    reject("sms_messages", "RecipientPhoneMobile", "nothing in it can be kept as a number"),
    advice=IN_FILEMAKER,
)
SEVERAL_PATIENTS = Reason(
    "several_patients",
    "More than one patient has this number. The message is kept, without a patient.",
    warning("sms_messages", "patient_id", "more than one patient has that number; null"),
    advice="Name the patient of the message in FileMaker.",
)
APPOINTMENT_NOT_FOUND = Reason(
    "appointment_not_found",
    "The message's appointment is not known. The message is kept without it.",
    warning("sms_messages", "appointment_id", "the event is no appointment; null"),
    advice=NOTHING,
)
WORDS_LEFT_OUT = Reason(
    "words_left_out",
    "There were words beside the phone number; only the number was kept.",
    warning("sms_messages", "phone_number", "the number was kept, the words beside it were not"),
    advice=NOTHING,
)
BAD_TIMESTAMP = Reason(
    "bad_timestamp",
    "The time of sending can't be read; it was left empty.",
    warning("sms_messages", "sent_at", "can't be read; null"),
    advice=IN_FILEMAKER,
)
