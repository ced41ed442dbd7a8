"""Where reports are kept: `reports/{run id}.html` and `.json`, in the folder or the bucket of the frames."""

import re
from pathlib import Path
from typing import Any

import obstore
import orjson
from obstore.store import ObjectStore

from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.storage.storage_errors import tells_storage_faults

REPORTS = "reports"
PLANS = "plans"
HTML, JSON = "html", "json"

_PLAN_ID = re.compile(r"[0-9a-f]{1,64}", re.ASCII)
_NAME = re.compile(r"[0-9a-f-]{1,64}\.(?:html|json)", re.ASCII)


def is_report_name(name: str) -> bool:
    """Say whether a file's name is that of a report, and nothing that leads elsewhere."""
    return bool(_NAME.fullmatch(name))


class ReportStore:
    """The stored reports. `location`: a folder, or s3://bucket/prefix."""

    def __init__(self, location: str) -> None:
        local = not location.startswith("s3://")
        self.location = str(Path(location).expanduser().resolve()) if local else location.rstrip("/")
        self._store: ObjectStore = open_store(location)

    def place(self, run_id: str, kind: str = HTML) -> str:
        """Return where a run's report is, as a path or an s3:// address."""
        return f"{self.location}/{REPORTS}/{run_id}.{kind}"

    @tells_storage_faults
    def save(self, run_id: str, page: str, record: bytes) -> None:
        """Keep a run's page and record; the record last, so that whoever finds it finds the page too."""
        obstore.put(self._store, f"{REPORTS}/{run_id}.{HTML}", page.encode())
        obstore.put(self._store, f"{REPORTS}/{run_id}.{JSON}", record)

    @tells_storage_faults
    def read(self, name: str) -> bytes | None:
        """Return a stored file by its name, such as `{run id}.html`; None where there is none."""
        if not is_report_name(name) or self._leads_elsewhere(name):
            return None
        try:
            return bytes(obstore.get(self._store, f"{REPORTS}/{name}").bytes())
        except FileNotFoundError:
            return None

    def _leads_elsewhere(self, name: str) -> bool:
        """Say whether a name in the folder is a link out of it: `ui` serves what is read here."""
        if self.location.startswith("s3://"):
            return False
        folder = Path(self.location) / REPORTS
        return (folder / name).resolve() != folder / name

    @tells_storage_faults
    def read_plan(self, plan_id: str | None) -> dict[str, Any] | None:
        """Return a stored plan by its id; None where it is not stored any more."""
        if plan_id is None or not _PLAN_ID.fullmatch(plan_id):
            return None
        try:
            plan: dict[str, Any] = orjson.loads(
                bytes(obstore.get(self._store, f"{PLANS}/{plan_id}.json").bytes())
            )
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        return plan

    @tells_storage_faults
    def names(self) -> list[str]:
        """Return the names of all stored files, the last written first."""
        found = [entry for page in obstore.list(self._store, prefix=f"{REPORTS}/") for entry in page]
        found.sort(key=lambda entry: (entry["last_modified"], entry["path"]), reverse=True)
        return [name for entry in found if is_report_name(name := entry["path"].rpartition("/")[2])]
