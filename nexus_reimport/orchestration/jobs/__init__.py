"""Jobs: the reimport's phases, and those of a single purpose."""
