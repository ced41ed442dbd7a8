"""Telephone numbers that can never ring, and the ten ways a front desk writes one.

Only numbers that Australia's regulator reserves for fiction: 5550 xxxx and 7010 xxxx behind each of the
four area codes (80,000 of them), and thirty mobile numbers in 0491 57x xxx. Thirty mobiles are too few for
a clinic, and their neighbours may belong to people, so most patients' `Mobile` rows hold a reserved 5550
number: valid, E.164, unique, and harmless. `Phone` rows hold 7010 numbers, so that the two kinds never meet
by accident.
"""

from collections.abc import Callable
from typing import Final

_MOBILE_ENDS: Final = (
    "570006 570156 570157 570158 570159 570110 570313 570737 571266 571491 571804 572549 572665 572983 "
    "573770 573087 574118 574632 575254 575789 576398 576801 577426 577644 578957 578148 578888 578212 "
    "579760 579455"
)
RESERVED_MOBILES: Final = tuple(f"0491{end}" for end in _MOBILE_ENDS.split())
AREA_CODES: Final = ("02", "03", "07", "08")
_BLOCK_SIZE = 40_000
_STRIDE = 7919  # prime to the block's size, so that the walk meets each number once


class PhoneBook:
    """Hands out numbers as ten national digits; a block begins again after its 40,000 numbers."""

    def __init__(self) -> None:
        self._mobiles = 0
        self._phones = 0

    def mobile(self) -> str:
        """Return the next number for a `Mobile` row, from the 5550 blocks."""
        self._mobiles += 1
        return _number("5550", self._mobiles)

    def phone(self) -> str:
        """Return the next number for a `Phone` row, from the 7010 blocks."""
        self._phones += 1
        return _number("7010", self._phones)


def _number(block: str, position: int) -> str:
    area, line = divmod(position * _STRIDE % _BLOCK_SIZE, 10_000)
    return f"{AREA_CODES[area]}{block}{line:04d}"


def international(national: str) -> str:
    """Return ten national digits in E.164."""
    return f"+61{national[1:]}"


def without_plus(national: str) -> str:
    """Return the number as FileMaker's IntFormat fields hold it: E.164 without the plus."""
    return f"61{national[1:]}"


def _parts(national: str) -> tuple[str, str, str]:
    if national.startswith("04"):
        return national[:4], national[4:7], national[7:]
    return national[:2], national[2:6], national[6:]


def _spaced(national: str) -> str:
    return " ".join(_parts(national))


def _dashed(national: str) -> str:
    return "-".join(_parts(national))


def _dotted(national: str) -> str:
    return ".".join(_parts(national))


def _bracketed(national: str) -> str:
    area, middle, end = _parts(national)
    return f"({area}) {middle}-{end}"


def _international_spaced(national: str) -> str:
    return f"+61 {_spaced(national)[1:]}"


def _international_with_zero(national: str) -> str:
    return f"+61 (0){_spaced(national)[1:]}"


def _dialled_from_abroad(national: str) -> str:
    return f"0011 61 {_spaced(national)[1:]}"


def _without_zero(national: str) -> str:
    return national[1:]


WAYS_TO_WRITE: Final[tuple[Callable[[str], str], ...]] = (
    _spaced,
    str,
    international,
    without_plus,
    _dashed,
    _dotted,
    _bracketed,
    _international_spaced,
    _international_with_zero,
    _dialled_from_abroad,
    _without_zero,
)
