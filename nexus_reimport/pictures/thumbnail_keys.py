"""Where the thumbnail of an original lies in the bucket."""

from nexus_reimport.pictures.imaging.formats import JPEG

# What a JPEG may be called already; an original of another ending that became one is called .jpg.
_JPEG_EXTENSIONS = frozenset({".jpg", ".jpeg"})


def thumbnail_key(key: str, thumbnail_mime: str) -> str:
    """Return where an original's thumbnail lies: `_thumb` before the extension, .jpg if it became JPEG."""
    folder, slash, name = key.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    extension = dot + ending
    if thumbnail_mime == JPEG and extension.lower() not in _JPEG_EXTENSIONS:
        extension = ".jpg"
    return f"{folder}{slash}{stem}_thumb{extension}"
