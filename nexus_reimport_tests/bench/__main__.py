"""`make bench`: measures, prints a summary, writes JSON."""

import platform
from pathlib import Path

import click
import orjson
import psutil

from nexus_reimport_tests.bench.linking import bench_linking
from nexus_reimport_tests.bench.records import bench_records
from nexus_reimport_tests.bench.thumbnails import bench_thumbnails

CLINIC_IMAGES = 6_490


@click.command()
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write it here too."
)
@click.option("--scale", type=float, default=1.0, show_default=True, help="1 is the size of the clinic.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
def main(json_file: Path | None, scale: float, repeats: int) -> None:
    """Measure the records line on this machine, services included in the load but not in the time."""
    result = {
        "machine": {
            "cores": psutil.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "python": platform.python_version(),
        },
        "scale": scale,
        "repeats": repeats,
        "steps": bench_records(scale, repeats),
        "thumbnails": bench_thumbnails(),
        "linking": {
            "clinic": bench_linking(CLINIC_IMAGES),
            "hundredfold": bench_linking(100 * CLINIC_IMAGES),
        },
    }
    text = orjson.dumps(result, option=orjson.OPT_INDENT_2).decode()
    click.echo(text)
    if json_file:
        json_file.write_text(text + "\n")


main()
