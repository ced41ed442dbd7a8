"""The two ways to sign in: user name and password (FileMaker Server), FMID token (FileMaker Cloud)."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from nexus_reimport.exceptions import SettingsRefused


class Auth(Protocol):
    """What a session asks of a way to sign in."""

    def header(self) -> str:
        """Return the value of the Authorization header."""
        ...

    def renewed(self) -> bool:
        """After a 401: sign in anew if that is possible, and say whether another try makes sense."""
        ...

    @property
    def advice(self) -> str:
        """What to do where it is refused for good."""
        ...


@dataclass(frozen=True)
class BasicAuth:
    """HTTP Basic. Signing in again is the same header, so a 401 is worth just one more try."""

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.username or ":" in self.username:
            raise SettingsRefused(
                "The FileMaker user name is empty or has a colon. Correct FILEMAKER_USERNAME."
            )

    def header(self) -> str:
        """Return the value of the Authorization header."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"

    def renewed(self) -> bool:
        """Say yes: the server may have dropped a session of its own."""
        return True

    @property
    def advice(self) -> str:
        """What to do where it is refused for good."""
        return (
            "Check the user name and password (FILEMAKER_USERNAME, FILEMAKER_PASSWORD), and that the account "
            "is active. They are not tried again, since some hosts lock the account."
        )


@dataclass
class FmidAuth:
    """A FileMaker Cloud token, valid for an hour. `renew` returns the next, where there is a way to it."""

    token: str = field(repr=False)
    renew: Callable[[], str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.token = clean_token(self.token)

    def header(self) -> str:
        """Return the value of the Authorization header."""
        return f"FMID {self.token}"

    def renewed(self) -> bool:
        """Ask for a new token; say whether there is one and it differs from the one just refused."""
        if self.renew is None:
            return False
        former, self.token = self.token, clean_token(self.renew())
        return self.token != former

    @property
    def advice(self) -> str:
        """What to do where it is refused for good."""
        return "The token is wrong, or its hour is over: get a new FMID token (FILEMAKER_FMID_TOKEN)."


def clean_token(token: str) -> str:
    """Return the token without surrounding blanks; raise SettingsRefused if a header could not carry it."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        message = "The FMID token is empty or has characters no token has. Correct FILEMAKER_FMID_TOKEN."
        raise SettingsRefused(message)
    return token
