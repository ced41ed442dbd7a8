"""Tests of taking publications back."""
