"""What an object in the clinic's bucket is: bytes of its own, or a picture of the pool with a mark in it."""

from dataclasses import dataclass

from nexus_reimport.sandbox.clinic.photographs import base_picture
from nexus_reimport.sandbox.clinic.picture_marks import Splice, mark


@dataclass(frozen=True)
class Photograph:
    """A base picture of the pool, by name, made one of its kind by a mark that no viewer shows."""

    base: str
    label: str

    @property
    def splice(self) -> Splice:
        """What to change in the base picture's bytes."""
        return mark(base_picture(self.base), self.label)

    @property
    def body(self) -> bytes:
        """The file, composed anew each time."""
        return self.splice.into(base_picture(self.base))


@dataclass(frozen=True)
class ClinicObject:
    """One object in S3. `content` is its bytes, or the photograph to compose them from."""

    key: str
    content: bytes | Photograph
    content_type: str

    @property
    def body(self) -> bytes:
        """The object's bytes."""
        return self.content.body if isinstance(self.content, Photograph) else self.content
