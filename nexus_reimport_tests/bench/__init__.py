"""What is measured rather than tested: speed and memory, as JSON. No test may fail on a busy machine."""
