"""What the stand-in answers as an error: a status and FileMaker's own kind of code and message."""


class QueryRefused(Exception):
    """A query option the server can't follow; `code` is the error code of the answer."""

    def __init__(self, message: str, code: str = "-1002") -> None:
        super().__init__(message)
        self.code = code
