"""The contact sheet: thumbnails of the sandbox's own bucket, and of nothing else in it."""

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from nexus_reimport.sandbox import commands, lifecycle
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER
from nexus_reimport.sandbox.contact_sheet import CELL, COLUMNS, LABEL, ROWS, draw_contact_sheet
from nexus_reimport.sandbox.exceptions import SandboxError
from nexus_reimport_tests.served_bucket import BUCKET, served_bucket

RED = (200, 30, 30)


def environment_of(port: int) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        "AWS_REGION": "ap-southeast-2",
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_S3_BUCKET_NAME": BUCKET,
    }


def picture(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("count", "lines"), [(1, 1), (13, 2), (COLUMNS * ROWS + 30, ROWS)])
def test_each_thumbnail_has_a_place_up_to_as_many_as_there_is_room_for(
    tmp_path: Path, count: int, lines: int
) -> None:
    objects = {f"{IMAGES_FOLDER}{number}_thumb.png": picture(RED) for number in range(count)}
    with served_bucket(tmp_path, {**objects, f"{IMAGES_FOLDER}1.png": b"no picture"}) as port:
        sheet = Image.open(io.BytesIO(draw_contact_sheet(environment_of(port))))
    assert sheet.size == (COLUMNS * CELL, lines * (CELL + LABEL))
    pixel = sheet.getpixel((CELL // 2, 30))
    assert isinstance(pixel, tuple)
    assert all(abs(seen - drawn) < 6 for seen, drawn in zip(pixel, RED, strict=True))


def test_people_s_own_pictures_are_not_shown(tmp_path: Path) -> None:
    with (
        served_bucket(tmp_path, {"images/1/2/3_thumb.png": picture(RED)}) as port,
        pytest.raises(SandboxError, match="run a reimport first"),
    ):
        draw_contact_sheet(environment_of(port))


def test_the_command_writes_it_into_the_sandbox_s_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served_bucket(tmp_path, {f"{IMAGES_FOLDER}1_thumb.png": picture(RED)}) as port:
        monkeypatch.setattr(lifecycle, "environment", lambda _: environment_of(port))
        result = CliRunner().invoke(commands.sandbox, ["contact-sheet", "--dir", str(tmp_path)])
    assert result.output == f"{tmp_path}/contact-sheet.jpg\n"
    with Image.open(tmp_path / "contact-sheet.jpg") as sheet:
        assert sheet.format == "JPEG"
