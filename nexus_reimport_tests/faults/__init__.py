"""Faults of settings and services, each met by a whole run: `python -m nexus_reimport_tests.faults`."""
