"""What cannot be made into a thumbnail, and why: one exception, whose reason is a stable code."""

from enum import StrEnum


class Fault(StrEnum):
    """Why a file has no thumbnail. The codes are stored and counted, so they never change their meaning."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"


ADVICE = {
    Fault.EMPTY: "The file has no bytes. Upload it again from its source.",
    Fault.NOT_AN_IMAGE: "The bytes are not those of an image, whatever the name says. Look at the file.",
    Fault.TRUNCATED: "Part of the picture is missing. Upload it again from its source.",
    Fault.DAMAGED: "The file contradicts itself and cannot be decoded. Upload it again from its source.",
    Fault.TOO_LARGE: "It would need more memory or time than one picture may. Save a smaller copy of it.",
    Fault.UNSUPPORTED: "A kind of image that is not read here. Save it as JPEG or PNG.",
}


class UnreadableImage(Exception):
    """An image that no thumbnail can be made of. `reason` is one of the codes of `Fault`."""

    def __init__(self, reason: Fault) -> None:
        super().__init__(f"{reason}: {ADVICE[reason]}")
        self.reason = reason
