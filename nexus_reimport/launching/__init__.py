"""Runs started, gone on with and served from a terminal."""
