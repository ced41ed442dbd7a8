"""Why an extract from FileMaker is refused: it would be short, mixed or unreadable."""

from nexus_reimport.exceptions import PermanentError, TransientError


class IncompleteExtract(PermanentError):
    """Fewer distinct keys came than the server counts."""


class RowsChangedWhileReading(TransientError):
    """The records moved or changed during every attempt at reading them, so no reading is one moment's."""

    repeatable = False


class EmptyKeys(PermanentError):
    """Records without a key: they could never be told apart, nor found again."""


class MissingFields(PermanentError):
    """A field that the reimport needs is in no record of the answer."""


class UnreadableValue(PermanentError):
    """A value, or every value of a field, is nothing that a FileMaker field holds."""
