"""Who may come in: HTTP Basic, and FMID tokens with a way to get the next one."""

import base64
import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Accounts:
    """One account and its tokens. A credential may be used `life` times, where that is given."""

    username: str
    password: str = field(repr=False)
    tokens: list[str] = field(repr=False)
    life: int | None = None
    uses: Counter[str] = field(default_factory=Counter, repr=False)
    retired: set[str] = field(default_factory=set, repr=False)

    def admits(self, header: str) -> bool:
        """Say whether an Authorization header is accepted, and count its use.

        A worn-out password is refused once, which stands for signing in again; a worn-out token for ever.
        """
        if header in self.retired or not self.is_known(header):
            return False
        self.uses[header] += 1
        if self.life is None or self.uses[header] <= self.life:
            return True
        self.uses[header] = 0
        if header.startswith("FMID "):
            self.retired.add(header)
        return False

    def is_known(self, header: str) -> bool:
        """Say whether a header holds our password or one of our tokens."""
        return any(hmac.compare_digest(header.encode(), known.encode()) for known in self.headers())

    def headers(self) -> Sequence[str]:
        """Return every header that could be accepted."""
        return [self.basic(), *(f"FMID {token}" for token in self.tokens)]

    def basic(self) -> str:
        """Return the header of the user name and password."""
        pair = base64.b64encode(f"{self.username}:{self.password}".encode())
        return f"Basic {pair.decode('ascii')}"

    def next_token(self) -> str:
        """Return the first token still good, making one where none is."""
        for token in self.tokens:
            if f"FMID {token}" not in self.retired:
                return token
        token = f"sandbox-token-{len(self.tokens) + 1}"
        self.tokens.append(token)
        return token
