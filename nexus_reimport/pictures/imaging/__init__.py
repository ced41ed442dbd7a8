"""Photographs: bytes in, thumbnail bytes and facts out. No files, no network, no clock, no Dagster."""
