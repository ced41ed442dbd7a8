"""Why a run is not even started."""


class NothingSelected(Exception):
    """What is asked for selects no asset; Dagster would take that for everything."""
