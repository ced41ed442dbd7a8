"""What the S3 key of an imported file says: under which prefix it lies, and whose FileMaker id is in it."""

from nexus_reimport.transform.text import uuid_text

DOCUMENTS_PREFIX = "patients/filemaker-import/documents/"
# Images copied in bulk and named by recid, and those that an older import fetched one by one.
IMAGES_PREFIX = "filemaker-import/images-bulk-dump/"
FETCHED_IMAGES_PREFIX = "patients/filemaker-import/images/"
IMAGE_PREFIXES = (IMAGES_PREFIX, FETCHED_IMAGES_PREFIX)
ID_PREFIXES = (DOCUMENTS_PREFIX, FETCHED_IMAGES_PREFIX)


def filemaker_part(key: str) -> str | None:
    """Return the part of an imported file's key that is FileMaker's id with its extension, if there is one.

    The parts under the prefix are `{patient}/{type}/{FILEMAKER ID}.pdf`, of images `{patient}/{date}/…` with
    a date that may have slashes. Nexus's upload took that path for a folder and put `/{random uuid}.pdf`
    behind it. So the first UUID that is not the patient's is FileMaker's, and the last may be nobody's.
    """
    prefix = next((one for one in ID_PREFIXES if key.startswith(one)), None)
    if prefix is None:
        return None
    first, *parts = key.removeprefix(prefix).split("/")
    if not parts or "." in first:  # a patient's folder has no extension
        parts = [first, *parts]
    if len(parts) > 1 and _is_upload_of(parts[-1], parts[-2]):
        parts = [parts[-2]]
    return next((part for part in parts if uuid_text(stem_of(part))), None)


def _is_upload_of(name: str, folder: str) -> bool:
    """Say whether a folder is the path that was uploaded: `9_thumb.jpg` became `9_thumb.jpg/….jpg_thumb`."""
    extension = folder.rpartition(".")[2] if "." in folder else ""
    return bool(extension) and name.rpartition(".")[2].lower().startswith(extension.lower())


def filemaker_id_in(key: str) -> str | None:
    """Return the FileMaker id (lower case) in the key of an imported document or image, if there is one."""
    part = filemaker_part(key)
    return uuid_text(stem_of(part)) if part else None


def stem_of(key: str) -> str:
    """Return the file's name in an S3 key without folders and extension."""
    name = key.rpartition("/")[2]
    return name.rpartition(".")[0] or name
