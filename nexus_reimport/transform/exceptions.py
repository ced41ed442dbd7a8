"""What the transforms raise. Messages name tables, columns and what to do; never a patient's value."""


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
