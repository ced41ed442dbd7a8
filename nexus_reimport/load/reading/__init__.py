"""What is read of Nexus before anything is staged."""
