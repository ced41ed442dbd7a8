"""How a run stands with a server: what all its clients would meet is met by the first, and told once.

Some hosts lock an account after a few wrong passwords, and a host that is not there costs each who asks
as long as the first. Extracts may run one after the other or in threads: they share one Standing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nexus_reimport.exceptions import ClientError


@dataclass
class AccountState:
    """What is known of a server and an account, shared by all clients of a run.

    `reached`: it has answered something. `admitted`: it has answered something else than 401; until then one
    asks at a time. `refusal`: why nobody needs to ask any more.
    """

    reached: bool = False
    admitted: bool = False
    refusal: ClientError | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _second_try: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until it is one's turn to ask. Raises, as its own, what another was refused for all."""
        if self.admitted:
            self.raise_refusal()
            yield
            return
        with self._turn:
            self.raise_refusal()
            yield

    @contextmanager
    def second_try(self) -> Iterator[None]:
        """Have one at a time send a refused credential once more, and none where that was in vain before."""
        with self._second_try:
            self.raise_refusal()
            yield

    def heard(self, status: int) -> None:
        """Take note that the server answered with a status."""
        self.reached = True
        self.admitted = self.admitted or status != 401

    def refuse_all(self, refusal: ClientError) -> ClientError:
        """Keep a refusal that every client of the run would meet, and return it."""
        self.refusal = self.refusal or refusal
        return refusal

    def raise_refusal(self) -> None:
        """Raise what was refused for all, if anything was."""
        if self.refusal is not None:
            raise type(self.refusal)(str(self.refusal))
