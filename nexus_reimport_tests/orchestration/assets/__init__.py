"""Tests of the assets: the line as a whole, from an empty Nexus and from others."""
