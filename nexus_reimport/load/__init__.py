"""What happens to Nexus: read, compared, planned, published, backed up, rolled back."""
