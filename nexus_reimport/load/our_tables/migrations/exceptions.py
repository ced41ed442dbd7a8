"""Why our own schema can't be worked with as it is."""

from nexus_reimport.load.exceptions import PublicationError


class SchemaNewer(PublicationError):
    """A newer release has written our schema: this one does not know what it says."""
