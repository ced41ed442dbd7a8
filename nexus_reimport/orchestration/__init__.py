"""What Dagster is told: assets, checks, jobs, sensors, resources."""
