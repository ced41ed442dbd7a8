"""When to ask again: the cap on the request rate, and the wait after a failure."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

JITTER = random.SystemRandom()


@dataclass
class RateCap:
    """At most so many requests a second, evenly spaced. The first goes out at once."""

    requests_per_second: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    free_at: float = field(default=float("-inf"), init=False)

    def wait(self) -> None:
        """Return when the next request may go out."""
        now = self.clock()
        if now < self.free_at:
            self.sleep(self.free_at - now)
        self.free_at = max(now, self.free_at) + 1 / self.requests_per_second


@dataclass(frozen=True)
class Backoff:
    """Exponential, with full jitter, so that clients that failed together do not come back together.

    All in seconds. The engine may be down for a minute; eight tries with these figures outlast that.
    """

    base: float = 1.0
    cap: float = 60.0
    retry_after_cap: float = 120.0
    uniform: Callable[[float, float], float] = JITTER.uniform

    def delay(self, attempt: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after the attempt of that number (from 1); never less than was asked."""
        jittered = self.uniform(0.0, min(self.cap, self.base * 2.0 ** (attempt - 1)))
        if retry_after is None:
            return jittered
        return max(jittered, min(retry_after, self.retry_after_cap))


def parse_retry_after(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds a Retry-After header asks for, written as seconds or as an HTTP date."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now())
