"""Tests of the embedded clinic."""
