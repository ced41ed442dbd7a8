"""Tests of the synthetic clinic."""
