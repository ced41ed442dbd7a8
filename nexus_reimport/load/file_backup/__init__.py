"""The clinic's files in the bucket: backed up and put back."""
