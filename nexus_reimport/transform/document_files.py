"""The document files in S3: which object is whose, and what its name says."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.reasons.documents import SEVERAL_FILES
from nexus_reimport.model.reasons.several_tables import NO_METADATA
from nexus_reimport.transform.imported_keys import DOCUMENTS_PREFIX, filemaker_id_in, filemaker_part
from nexus_reimport.transform.staged import Accounting
from nexus_reimport.transform.text import natural_key

UNKNOWN_MIME_TYPE = "application/octet-stream"

_OFFICE = "application/vnd.openxmlformats-officedocument."
_MIME_TYPES = MappingProxyType(
    {
        "pdf": "application/pdf",
        "doc": "application/msword",
        "docx": f"{_OFFICE}wordprocessingml.document",
        "xls": "application/vnd.ms-excel",
        "xlsx": f"{_OFFICE}spreadsheetml.sheet",
        "ppt": "application/vnd.ms-powerpoint",
        "pptx": f"{_OFFICE}presentationml.presentation",
        "odt": "application/vnd.oasis.opendocument.text",
        "rtf": "application/rtf",
        "txt": "text/plain",
        "csv": "text/csv",
        "htm": "text/html",
        "html": "text/html",
        "xml": "application/xml",
        "eml": "message/rfc822",
        "msg": "application/vnd.ms-outlook",
        "zip": "application/zip",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "png": "image/png",
        "gif": "image/gif",
        "bmp": "image/bmp",
        "tif": "image/tiff",
        "tiff": "image/tiff",
        "heic": "image/heic",
        "webp": "image/webp",
        "mp4": "video/mp4",
        "mov": "video/quicktime",
    }
)


@dataclass(frozen=True)
class DocumentFile:
    """One object under the documents' prefix."""

    key: str
    size: int
    etag: str

    @property
    def name(self) -> str:
        """FileMaker's id with its extension, else the last part of the key."""
        return filemaker_part(self.key) or self.key.rpartition("/")[2]

    @property
    def mime_type(self) -> str:
        """What the extension says the file is."""
        extension = self.name.rpartition(".")[2].lower()
        return _MIME_TYPES.get(extension, UNKNOWN_MIME_TYPE)


def document_files(
    listing: pd.DataFrame, wanted: Collection[str], held: Collection[str], ledger: Accounting
) -> dict[str, DocumentFile]:
    """Return the file of each wanted document (FileMaker ids, lower case) that has one.

    Takes the listing (key, size, etag, modified). The id is found in any part of the key; see
    `imported_keys`. Of several files of one document the one whose row is in Nexus is taken (`held`: digests
    of their keys), then the last modified, then the one whose key comes first, `several_files`: an older
    import left a further file whenever the row of an upload failed. A file of no wanted document is warned
    of, `no_metadata`, by its id, or by its ETag where there is none and the name may be somebody's.
    """
    chosen: dict[str, DocumentFile] = {}
    files = sorted(_newest_first(listing), key=lambda file: natural_key(file.key) not in held)
    for file in files:
        document = filemaker_id_in(file.key)
        if document is None or document not in wanted:
            ledger.warn(document or f"etag:{file.etag}", "s3_key", NO_METADATA)
        elif document in chosen:
            ledger.warn(document, "s3_key", SEVERAL_FILES)
        else:
            chosen[document] = file
    return chosen


def _newest_first(listing: pd.DataFrame) -> Iterator[DocumentFile]:
    columns = ("key", "size", "etag")
    objects = pa.Table.from_pandas(listing[[*columns, "modified"]], preserve_index=False)
    objects = objects.filter(pc.starts_with(objects["key"], DOCUMENTS_PREFIX))
    objects = objects.sort_by([("modified", "descending"), ("key", "ascending")])
    rows = zip(*(objects[column].to_pylist() for column in columns), strict=True)
    return (DocumentFile(*row) for row in rows if not row[0].endswith("/"))
