"""Settings of the right form that lead nowhere."""

from nexus_reimport.settings import SETTINGS

NOWHERE = {
    **{setting.name: "nowhere" for setting in SETTINGS if setting.required},
    "NEXUS_DATABASE_URL": "postgresql://me@127.0.0.1:1/nexus",
    "DAGSTER_PG_URL": "postgresql+psycopg2://me@127.0.0.1:1/dagster",
    "FILEMAKER_HOST": "http://127.0.0.1:1",
}
