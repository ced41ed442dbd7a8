"""Reimports a clinic's FileMaker records into Nexus as a graph of Dagster assets."""

__version__ = "0.1.0"
