"""What the checks find: pure findings over frames, and questions to what was written."""
