"""What a client of a remote service may raise: two families, told apart by whether a later try can help.

No message holds row data or a credential: they name hosts, paths, entity sets, keys and counts only.
"""


class ClientError(Exception):
    """Anything a client could not do."""


class TransientError(ClientError):
    """The same call may succeed later, with nothing changed by anyone here."""

    repeatable: bool = True
    retry_after: float | None = None
    advice: str = "Wait until the server is well, then run again."

    def after(self, attempts: int) -> "TransientError":
        """Return the same error, saying how often it was tried, if more than once, and what to do now."""
        tried = f" Tried {attempts} times." if attempts > 1 else ""
        last = type(self)(f"{self}{tried} {self.advice}")
        last.retry_after = self.retry_after
        return last


class PermanentError(ClientError):
    """The same call will fail again until somebody changes a setting, a right or the data."""


class ServerBusy(TransientError):
    """The server answered 408, 429, 502, 503 or 504."""


class ServerFailed(TransientError):
    """The server answered another 5xx. Not repeated at once, since it may be the request that broke it."""

    repeatable = False


class ConnectionFailed(TransientError):
    """No connection, or it broke or timed out before the answer was whole."""


class TruncatedAnswer(TransientError):
    """An answer arrived with its end missing, or garbled."""


class SettingsRefused(PermanentError):
    """A setting is missing or unsafe."""


class CertificateRefused(PermanentError):
    """The server's TLS certificate is not signed by an authority we trust."""


class AuthenticationFailed(PermanentError):
    """The server does not accept the user name and password, or the token."""


class AccessDenied(PermanentError):
    """The account is known but may not read this."""


class NotFound(PermanentError):
    """The server has no such database or entity set."""


class RequestRefused(PermanentError):
    """The server answered another 4xx, a redirect, or that it does not do this (501)."""


class UnexpectedAnswer(PermanentError):
    """The answer is whole but not what the protocol promises."""


class WebPageAnswered(UnexpectedAnswer):
    """A page for people came in place of data: a proxy's, a login, a server's that is being looked after."""


class FrameMissing(PermanentError):
    """A frame that a step needs has not been made yet."""


class FrameDamaged(PermanentError):
    """A stored frame's bytes are not the ones that were written."""


class StorageFailed(TransientError):
    """Where frames, plans, backups and reports are kept can't be written or read."""


class UploadNotProved(TransientError):
    """What is in the bucket after an upload is not what was sent."""


class FileStillGrowing(TransientError):
    """A file that somebody else is still writing."""


class FileGone(PermanentError):
    """An object that was listed, or is named in a backup, is not in the bucket any more."""


class FileRefused(PermanentError):
    """S3 will not give out this one object; `reason` is the code why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class FileReplaced(TransientError):
    """An object is not the one that was listed: somebody wrote it anew meanwhile."""


class AlreadyThere(PermanentError):
    """An object that is written only once was written by somebody else."""


class CopyNotProved(TransientError):
    """What is in the bucket after a copy is not what was copied."""


class FileBackupDamaged(PermanentError):
    """A backup of files is not what was written."""
