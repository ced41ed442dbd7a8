"""Tests of the checks and the gate: what fails, and what that stops."""
