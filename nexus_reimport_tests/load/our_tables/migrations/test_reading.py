"""Our schema of an older version as readers see it, who leave it as it is."""
