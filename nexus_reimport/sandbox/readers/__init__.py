"""How Nexus reads rows: its pages, papers, messages and the clinic's own commands, as pure functions.

Each takes rows as PostgreSQL hands them over, JSON parsed, and returns what is shown or sent. Where Nexus
would answer 500, or a command would stop, it raises ReaderFault.
"""
