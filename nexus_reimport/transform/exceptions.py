"""What the transforms raise. Messages name tables, columns and what to do; never a patient's value."""

from nexus_reimport.model.reasons.image_export import CUT_SHORT
from nexus_reimport.model.reasons.reason import Reason


class TransformError(Exception):
    """Something that no single row is to blame for, so no row can be rejected for it."""


class NaiveInstantError(TransformError):
    """The run's instant has no time zone."""

    def __init__(self) -> None:
        super().__init__("as_of has no time zone. Give an aware datetime, for example datetime.now(UTC).")


class MissingFieldError(TransformError):
    """An extract frame lacks a column that the rules read."""

    def __init__(self, asset: str, field: str) -> None:
        super().__init__(f"The extract filemaker/{asset} has no column {field!r}. Materialize it again.")


class MissingContentTypeError(TransformError):
    """Nexus has no content type for patients, so no document can be linked."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Nexus has no content type {name}, so documents cannot be linked. "
            "Run Nexus's own migrations, then materialize nexus_state again."
        )


class MissingColumnError(TransformError):
    """A transform forgot a column that may not be null."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(f"No value was staged for {table}.{column}, which may not be null: a defect.")


class MappingsRefused(TransformError):
    """The file of mappings can't be used; says everything that is wrong with it, in one line."""


class ImageCsvError(TransformError):
    """A whole image CSV is refused. Says the file, line, column, reason code and what to do.

    `advice` is the reason's own where none is given.
    """

    def __init__(
        self,
        file: str,
        reason: Reason,
        advice: str = "",
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        place = [file]
        if line is not None:
            place.append(f"line {line}")
        if column is not None:
            place.append(f"column {column}")
        super().__init__(f"{', '.join(place)}: {reason}. {advice or reason.advice}")
        self.file, self.line, self.column, self.reason = file, line, column, reason


class EmptyCsvError(ImageCsvError):
    """There is nothing in the file, or nothing but a header."""


class CutCsvError(ImageCsvError):
    """The file ends in the middle of a record: it was cut short, or is still being written."""

    def __init__(self, file: str, line: int, says: str) -> None:
        advice = f"{says}, so the file is cut short or still being written. Export or copy it again."
        super().__init__(file, CUT_SHORT, advice, line)


class CsvEncodingError(ImageCsvError):
    """The bytes are not text in the encoding that was found or given."""


class CsvColumnError(ImageCsvError):
    """A column that is needed is not there, is there twice, or there is no header at all."""


class CsvStructureError(ImageCsvError):
    """A record cannot be taken apart into the header's columns."""


class CsvDateError(ImageCsvError):
    """The dates contradict their format or each other, so none of them can be trusted."""
