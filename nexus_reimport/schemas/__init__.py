"""The shape of every frame and table, as code; nothing in here moves data."""
