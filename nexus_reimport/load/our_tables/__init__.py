"""Our own schema in Nexus: identities, publications, digests of rows, and its migrations."""
