"""What is measured rather than tested: speed and memory, as JSON. Never a test that fails on a busy machine."""
