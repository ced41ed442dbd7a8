"""The clinic's rules: FileMaker frames in, rows as Nexus will hold them out. No Dagster, no I/O, no clock."""
