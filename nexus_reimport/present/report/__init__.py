"""The report of a run, for the clinic's manager: facts in, a page and its JSON out. No input or output."""
