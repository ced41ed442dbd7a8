"""Facts said once: tables, columns, sources, frames, and what a run can be told."""
