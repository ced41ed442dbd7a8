"""Each published table of Nexus: its columns in the order of the database, and who decides each value."""
