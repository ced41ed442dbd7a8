"""The connection to Nexus: rights, locks, encoding, schema, and what its errors mean."""
