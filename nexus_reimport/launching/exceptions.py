"""Why a run is not even started."""


class NothingSelected(Exception):
    """What is asked for selects no asset; Dagster would take that for everything."""


class AnotherRunActive(Exception):
    """Another run of the same Dagster instance is going on, and both would write."""


class NothingToResume(Exception):
    """There is no run that was interrupted, or everything it was to do is done."""
