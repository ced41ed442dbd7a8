"""Tests of nexus_reimport; the folders mirror it."""
