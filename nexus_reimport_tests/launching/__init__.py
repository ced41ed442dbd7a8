"""Tests of jobs, phases and runs started from a terminal."""
