"""What Dagster's records say of runs, and what is made of that."""
