"""`python -m nexus_reimport` is the command line."""

from nexus_reimport.cli import main

main()
