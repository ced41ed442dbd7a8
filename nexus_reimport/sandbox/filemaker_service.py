"""The process of the FileMaker stand-in. Run with `python -m`; the password comes in the environment."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import orjson

from nexus_reimport.sandbox.filemaker import Fault, create_app, serve
from nexus_reimport.sandbox.processes import restore_default_signals


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the rows of a JSON file, by entity set, until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="The sandbox's FileMaker stand-in.")
    parser.add_argument("--entities", type=Path, required=True, help="JSON file: entity set to rows")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--username", required=True)
    parser.add_argument("--fault", action="append", default=[], type=Fault)
    options = parser.parse_args(arguments)
    restore_default_signals()
    app = create_app(
        orjson.loads(options.entities.read_bytes()),
        database=options.database,
        username=options.username,
        password=os.environ["FILEMAKER_PASSWORD"],
        faults=options.fault,
    )
    serve(app, options.port)


if __name__ == "__main__":
    main()
