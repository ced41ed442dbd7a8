"""Clients of the services a reimport reads from. They know their protocols and nothing of Dagster."""
