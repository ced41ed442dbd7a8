"""The faults the stand-in can be told to have, each seen on a real host, and when they strike.

They count requests and never throw dice, so that a run with the same faults meets them at the same places.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """A fault by the name it has on the command line."""

    SKIP_IGNORED = "skip-ignored"
    REPEATED_NEXT_LINK = "repeated-next-link"
    BAD_GATEWAY_BURSTS = "bad-gateway-bursts"
    TOO_MANY_REQUESTS = "too-many-requests"
    TOKEN_EXPIRES = "token-expires"  # noqa: S105  a fault's name, not a password
    TRUNCATED_BODY = "truncated-body"
    SLOW_ANSWERS = "slow-answers"
    ROWS_CHANGE_WHILE_PAGING = "rows-change-while-paging"
    DUPLICATE_ROWS = "duplicate-rows"
    SHORT_EXTRACT = "short-extract"
    REFUSED_NEXT_LINK = "refused-next-link"
    FOREIGN_NEXT_LINK = "foreign-next-link"
    QUOTED_KEY = "quoted-key"
    ODD_NUMBERS = "odd-numbers"
    QUESTION_MARKS = "question-marks"
    LOOSE_JSON = "loose-json"
    BAD_BYTES = "bad-bytes"
    WEB_PAGE = "web-page"
    NO_DETAILS = "no-details"
    HALF_DETAILS = "half-details"
    BLANK_DETAILS = "blank-details"
    NO_BIRTH_DATES = "no-birth-dates"

    @property
    def description(self) -> str:
        """What the server does wrong."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS: dict[Fault, str] = {
    Fault.SKIP_IGNORED: "$top and $skip do nothing: the first page comes again and again, without nextLink",
    Fault.REPEATED_NEXT_LINK: "from the second page on, nextLink points at the page it came with",
    Fault.BAD_GATEWAY_BURSTS: "two of every five requests in a row are answered 502",
    Fault.TOO_MANY_REQUESTS: "every fourth request is answered 429 with Retry-After",
    Fault.TOKEN_EXPIRES: "after a few requests the credential is refused until the client signs in again",
    Fault.TRUNCATED_BODY: "every third page is cut: by its length, then in the middle of the JSON",
    Fault.SLOW_ANSWERS: "every page keeps the client waiting",
    Fault.ROWS_CHANGE_WHILE_PAGING: "a record goes while an entity set is being paged, and comes back later",
    Fault.DUPLICATE_ROWS: "every page sends its first record twice",
    Fault.SHORT_EXTRACT: "$count counts records that are never served: the last one in a hundred",
    Fault.REFUSED_NEXT_LINK: "what nextLink points at is refused: 410, 400, 404, 500 in turn",
    Fault.FOREIGN_NEXT_LINK: "nextLink points at another host",
    Fault.QUOTED_KEY: "a key's name is taken in double quotes only; else 400, 403, 404, 500 in turn",
    Fault.ODD_NUMBERS: "numbers are written as JSON does not write them: 5., +5, 5e0",
    Fault.QUESTION_MARKS: "one number of each page can't be shown and is a bare ?",
    Fault.LOOSE_JSON: "pages begin with a mark and a line that is not theirs, and have raw tabs in texts",
    Fault.BAD_BYTES: "one text of each page has a byte that is not UTF-8",
    Fault.WEB_PAGE: "everything is answered 200 with a page that says that the server is being looked after",
    Fault.NO_DETAILS: "the account may not view one contact detail: the list is empty and $count says 0",
    Fault.HALF_DETAILS: "the account may view every second contact detail, and $count counts those",
    Fault.BLANK_DETAILS: "the account may view whose each contact detail is, and nothing else of it",
    Fault.NO_BIRTH_DATES: "the account may not view the field DOB: it is null in every contact",
}


@dataclass
class FaultPlan:
    """Which faults there are, and how often each has been asked about.

    `slow_seconds` is the wait of slow answers, `retry_after` what a 429 asks for, both in seconds;
    `credential_life` is the number of requests after which a credential is refused.
    """

    faults: Sequence[Fault] = ()
    slow_seconds: float = 1.0
    retry_after: int = 1
    credential_life: int = 4
    counts: Counter[str] = field(default_factory=Counter)

    def has(self, fault: Fault) -> bool:
        """Say whether the server has this fault."""
        return fault in self.faults

    def turn(self, fault: Fault, period: int) -> int | None:
        """Count one more request; return its turn in the period, from 0, or None without the fault."""
        if fault not in self.faults:
            return None
        turn = self.counts[fault] % period
        self.counts[fault] += 1
        return turn

    def refusal(self, fault: Fault, statuses: Sequence[int]) -> int | None:
        """Count one more request; return the status it is refused with, or None without the fault."""
        turn = self.turn(fault, len(statuses))
        return None if turn is None else statuses[turn]
