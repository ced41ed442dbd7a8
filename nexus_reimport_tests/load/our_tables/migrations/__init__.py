"""Tests of our own schema: each earlier shape, the way to the newest, and reading before it."""
