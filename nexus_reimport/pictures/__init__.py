"""Photographs: bytes in, a thumbnail and facts out; fetched, uploaded and proved."""
