"""A key of moto's S3 whose bytes are composed on demand. moto wants to find its class in a named module."""

from typing import Any

from moto.s3.models import FakeKey

from nexus_reimport.sandbox.object_journal import Composed


class ComposedKey(FakeKey):
    """A key of moto's whose bytes are composed each time they are asked for."""

    def __init__(self, composed: Composed, **given: Any) -> None:
        self._composed: Composed | None = None
        super().__init__(value=b"", **given)
        self._composed = composed
        self.contentsize = composed.size

    @property
    def composed(self) -> Composed | None:
        """What the object is composed of; None once it was given bytes of its own."""
        return self._composed

    @property
    def value(self) -> bytes:
        """The object's bytes; those it is given take the place of the composed ones."""
        return self._composed.body() if self._composed else bytes(super().value)

    @value.setter
    def value(self, given: bytes) -> None:
        self._composed = None
        FakeKey.value.fset(self, given)  # type: ignore[attr-defined]  # moto types its property as a method
