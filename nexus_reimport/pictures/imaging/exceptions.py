"""What cannot be made into a thumbnail, and why: one exception, with a declared reason."""

from nexus_reimport.model.reasons.reason import Reason


class UnreadableImage(Exception):
    """An image that no thumbnail can be made of. `reason` is one of `image_files.UNREADABLE`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"{reason}: {reason.advice}")
        self.reason = reason
