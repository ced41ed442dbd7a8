"""`python -m nexus_reimport.sandbox.filemaker`: the stand-in over a synthetic clinic, on loopback.

The account comes from FILEMAKER_DATABASE, FILEMAKER_USERNAME, FILEMAKER_PASSWORD and, where tokens are
wanted, FILEMAKER_FMID_TOKEN: never from the command line, which everybody on the machine can see.
"""

import os

import click

from nexus_reimport.sandbox.clinic import synthetic_clinic
from nexus_reimport.sandbox.filemaker import Fault, create_app, serve


def fault_help() -> str:
    """Return every fault with its description."""
    return "\n\n".join(f"{fault}: {fault.description}" for fault in Fault)


@click.command(epilog=fault_help())
@click.option("--port", type=int, required=True, help="The loopback port to listen on.")
@click.option("--scale", type=float, default=1.0, show_default=True, help="1 is the real clinic's size.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another clinic.")
@click.option("--fault", "faults", multiple=True, type=click.Choice([str(fault) for fault in Fault]))
def main(port: int, scale: float, seed: int, faults: tuple[str, ...]) -> None:
    """Serve a synthetic clinic as FileMaker would, with the faults asked for."""
    token = os.environ.get("FILEMAKER_FMID_TOKEN")
    app = create_app(
        synthetic_clinic(scale, seed).entities,
        database=os.environ["FILEMAKER_DATABASE"],
        username=os.environ["FILEMAKER_USERNAME"],
        password=os.environ["FILEMAKER_PASSWORD"],
        fmid_tokens=[token] if token else [],
        faults=[Fault(name) for name in faults],
    )
    serve(app, port)


if __name__ == "__main__":
    main()
