"""Reasons to refuse a whole image export. The message names the line and column too."""

from nexus_reimport.model.reasons.reason import IMAGE_CSV, Reason, Use


def _refusal(meaning: str) -> Use:
    return Use(("refusal",), (IMAGE_CSV,), (), meaning)


UNDECODABLE = Reason(
    "undecodable",
    "The image export has characters that can't be read.",
    _refusal("a byte that the encoding does not have; with the line"),
    advice="Export it again, or give the encoding it is in.",
)
UNKNOWN_ENCODING = Reason(
    "unknown_encoding",
    "The encoding named for the image export is not known.",
    _refusal("the run names an encoding that Python does not know"),
    advice="Python knows no such text encoding. Give another, or none and let it be found.",
)
NUL = Reason(
    "nul",
    "The image export was not written to its end.",
    _refusal("a NUL in the text: it was not written to its end; with the line"),
    advice="There is a NUL, so it was not written to its end, or the encoding is another. Copy it again.",
)
BAD_DELIMITER = Reason(
    "bad_delimiter",
    "The delimiter named for the image export is more than one character.",
    _refusal("the run names a delimiter of more than one character"),
    advice="Give one character, such as a comma or a tab.",
)
NO_HEADER = Reason(
    "no_header",
    "The image export has no line with names of columns.",
    _refusal("no header"),
    advice="The first line is a record. Export with the field names as the first line (Merge does that).",
)
MISSING_COLUMN = Reason(
    "missing_column",
    "The image export lacks a column that is needed.",
    _refusal(
        "a needed column is not there; says which are missing, which known ones were found, "
        "and how many others"
    ),
    advice="Export it again with all of them.",
)
REPEATED_COLUMN = Reason(
    "repeated_column",
    "The image export has a column twice.",
    _refusal("the same column twice; by name"),
    advice="Which one counts? Export it once.",
)
NO_ROWS = Reason(
    "no_rows",
    "The image export has nothing under its line of names.",
    _refusal("a header and nothing under it"),
    advice="There is a header and nothing under it. Export it again.",
)
WRONG_FIELD_COUNT = Reason(
    "wrong_field_count",
    "A line of the image export has too many or too few values.",
    _refusal("a record with more or fewer fields than the header; with the line"),
    advice="Export it again.",
)
BAD_QUOTES = Reason(
    "bad_quotes",
    "A quotation mark in the image export is not closed.",
    _refusal("a quote that is not closed where its field ends; with the line"),
    advice="A quote in that record is not closed where its field ends. Export it again.",
)
CUT_SHORT = Reason(
    "cut_short",
    "The image export stops in the middle: it was cut short, or is still being written.",
    _refusal(
        "the file ends inside a quote, a record or a character, or its last line has no end and its last "
        "field is no whole id, UUID or date; with the line"
    ),
    advice="Export or copy it again.",
)
DAY_FIRST = Reason(
    "day_first",
    "Dates in the image export are written day first, so all of them are in doubt.",
    _refusal("a date that fits only DD/MM/YYYY or YYYY-DD-MM; with the line: every date is in doubt then"),
    advice="Export it with dates as MM/DD/YYYY or YYYY-MM-DD.",
)
CONTRADICTING_DATES = Reason(
    "contradicting_dates",
    "Dates in the image export are written in two ways.",
    _refusal("MM/DD/YYYY and YYYY-MM-DD in one file; with the line"),
    advice="Export it with one format.",
)
