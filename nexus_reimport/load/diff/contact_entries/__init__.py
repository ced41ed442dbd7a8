"""Columns made of entries, as phones or addresses: a person's edit of one leaves the others to FileMaker."""
