"""What is read from outside: FileMaker, the bucket, image exports, the mappings."""
