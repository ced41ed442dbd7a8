"""What is decided row by row: merge, deletions, repair, links, guards. One transaction's SQL."""
