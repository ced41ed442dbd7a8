"""Tests of the thumbnails, and the pictures they are made from."""
