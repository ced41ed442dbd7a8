"""What the stand-in answers as an error: a status and FileMaker's own kind of code and message."""


class QueryRefused(Exception):
    """A query option the server can't follow; `code` and `status` are those of the answer."""

    def __init__(self, message: str, code: str = "-1002", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status
