"""What each role may do in Nexus's database: the files that grant it, and what its owner may read of ours."""
