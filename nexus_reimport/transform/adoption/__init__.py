"""Which rows of Nexus without an identity are a record of FileMaker, by text, times and order.

The rows are an older import's, as each of the clinic's own scripts wrote them, or were made in Nexus itself.
"""
