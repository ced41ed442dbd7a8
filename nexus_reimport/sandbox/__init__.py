"""The embedded clinic: PostgreSQL, an object store, a FileMaker stand-in; on loopback, all synthetic."""
