"""Tests of how living rows are recognised."""
