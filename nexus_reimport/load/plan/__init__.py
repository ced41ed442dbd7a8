"""What a run would do: made in a transaction that can't write, and stored."""
