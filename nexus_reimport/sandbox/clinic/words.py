"""Our own word list: names, streets and sentences that no person, place or record has."""

from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance

_FIRST_STARTS: Final = (
    "Vel", "Tam", "Oro", "Quil", "Bex", "Lum", "Zan", "Fip", "Mor", "Ild", "Cass", "Wren", "Peb", "Thim",
    "Juv", "Nar", "Osk", "Ruz", "Sol", "Yev", "Gim", "Hob", "Dax", "Eph",
)  # fmt: skip
_FIRST_ENDS: Final = (
    "mora", "bix", "wick", "enna", "allo", "ith", "uvia", "tok", "andra", "pin", "elle", "oru", "yx", "imbo",
    "arde", "ulia", "esh", "onk", "ivo", "atha", "erin", "obel",
)  # fmt: skip
_LAST_STARTS: Final = (
    "Fern", "Lamp", "Kettle", "Thistle", "Button", "Pebble", "Moss", "Copper", "Willow", "Spoon", "Bramble",
    "Candle", "Clover", "Barrel", "Nettle", "Lantern", "Saddle", "Juniper", "Ribbon", "Acorn", "Marble",
    "Teapot",     "Hazel", "Anchor", "Sorrel", "Ladder",
)  # fmt: skip
_LAST_ENDS: Final = (
    "bottle", "wick", "hollow", "mender", "basket", "thorn", "pocket", "shade", "whistle", "barrow",
    "feather", "bucket", "sprig", "hinge", "pebble", "crumb", "drawer", "bloom", "spindle", "gate",
    "button", "wheel",
)  # fmt: skip
_STREETS: Final = (
    "Teaspoon Street",
    "Umbrella Lane",
    "Button Row",
    "Kettle Parade",
    "Moonbeam Court",
    "Sock Avenue",
)
SUBURBS: Final = (
    ("Lower Pebbleton", "NSW", "0099"), ("Mossbucket", "NSW", "0098"), ("Thistle Bay", "VIC", "0097"),
    ("Kettle Flat", "QLD", "0096"), ("Buttonvale", "ACT", "0095"), ("Upper Spoon", "SA", "0094"),
)  # fmt: skip
"""Suburb, state and post code. No such suburb exists, and no post code begins with 00."""

_SUBJECTS: Final = (
    "Left insole", "Right insole", "Shoe raise", "Foot cast", "Toe filler", "Heel cup", "Ankle strap",
    "Arch pad", "Shoe lining", "Rocker sole", "Boot zip", "Lace keeper",
)  # fmt: skip
_VERBS: Final = (
    "fits well", "needs a trim", "was cast again", "is ready to collect", "rubs a little", "was glued",
    "is on order", "feels firm", "was returned to the workshop", "was widened by 3 mm", "is worn through",
    "was tried on",
)  # fmt: skip
_ENDINGS: Final = (
    "after the morning walk", "for the garden boots", "with the blue cover", "in the wide last",
    "before winter", "at the second fitting", "for daily wear", "with new top cloth", "on the soft base",
    "in cork",
)  # fmt: skip


_SENTENCES: Final = tuple(
    f"{subject} {verb} {ending}." for subject in _SUBJECTS for verb in _VERBS for ending in _ENDINGS
)


def first_name(chance: Chance) -> str:
    """Return a made-up first name, such as Velmora."""
    return _FIRST_STARTS[chance.below(len(_FIRST_STARTS))] + _FIRST_ENDS[chance.below(len(_FIRST_ENDS))]


def last_name(chance: Chance) -> str:
    """Return a made-up last name, such as Fernbottle."""
    return _LAST_STARTS[chance.below(len(_LAST_STARTS))] + _LAST_ENDS[chance.below(len(_LAST_ENDS))]


def street(chance: Chance) -> str:
    """Return a made-up street address."""
    return f"{1 + chance.below(280)} {_STREETS[chance.below(len(_STREETS))]}"


def sentence(chance: Chance) -> str:
    """Return one made-up clinic sentence with its full stop."""
    return _SENTENCES[chance.below(len(_SENTENCES))]


def paragraph(chance: Chance, most: int = 4) -> str:
    """Return one to `most` sentences; a number in the last keeps most paragraphs apart."""
    sentences = [sentence(chance) for _ in range(1 + chance.below(most))]
    return " ".join(sentences) + f" Job {chance.below(900000) + 100000}."
