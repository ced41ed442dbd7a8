"""What people read: the terminal, a plan in words, the report's page."""
