"""Image files that nobody here made: a folder of them, named in the environment, through one child process.

Opt in: NEXUS_REIMPORT_FOREIGN_IMAGES=/path/to/images. docs/images.md says where such folders come from.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from nexus_reimport.model.reasons.image_files import UNREADABLE_PICTURES
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.thumbnail import make_thumbnail

VARIABLE = "NEXUS_REIMPORT_FOREIGN_IMAGES"
MOST_MEGABYTES = 500
MOST_SECONDS = 30
MADE = "made"


@pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no folder")
def test_foreign_files_are_made_or_given_a_reason_in_bounded_memory_and_time() -> None:
    done = subprocess.run(  # noqa: S603 - this very file
        [sys.executable, "-X", "faulthandler", "-m", __name__, os.environ[VARIABLE]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found
    outcomes = Counter(one["outcome"] for one in found)
    assert outcomes.keys() <= {MADE, *map(str, UNREADABLE_PICTURES)}
    assert max(one["megabytes"] for one in found) < MOST_MEGABYTES
    assert max(one["seconds"] for one in found) < MOST_SECONDS


def look_at(folder: Path) -> None:
    """Print a line for each file: what became of it, the most memory of this process so far, seconds."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        began = time.monotonic()
        try:
            make_thumbnail(path.read_bytes())
            outcome = MADE
        except UnreadableImage as error:
            outcome = str(error.reason)
        line = {"file": str(path), "outcome": outcome, "seconds": round(time.monotonic() - began, 2)}
        print(json.dumps({**line, "megabytes": most_megabytes()}), flush=True)  # noqa: T201 - its answer


def most_megabytes() -> int:
    """Return the most memory that this process has had, in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


if __name__ == "__main__":
    look_at(Path(sys.argv[1]))
