"""What a reimport does to the Nexus database: read its state, merge, keep identities. No Dagster here."""
