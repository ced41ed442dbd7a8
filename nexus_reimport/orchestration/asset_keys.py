"""The keys of the assets that are named elsewhere than where they are made."""

import dagster as dg

PLAN, BACKUP, REPORT = dg.AssetKey("plan"), dg.AssetKey("backup"), dg.AssetKey("report")
THUMBNAILS = dg.AssetKey("thumbnails")
NEXUS_STATE = dg.AssetKey("nexus_state")
