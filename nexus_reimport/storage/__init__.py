"""Where this program keeps its own files, and what S3 and a folder answer."""
