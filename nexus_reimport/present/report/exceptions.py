"""What can be wrong with a stored report."""


class ReportError(Exception):
    """A report could not be made or read; the message says what to do."""


class ReportUnreadable(ReportError):
    """What is stored is no report, or one of another version."""


class NoSuchRun(ReportError):
    """There is no run of that id, or none at all."""
