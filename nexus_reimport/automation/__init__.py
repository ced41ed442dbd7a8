"""What starts runs: jobs to launch by name. Sensors and schedules belong here too."""
