"""The assets, thin: what they depend on, a call or two, and what they tell about themselves."""

import warnings

import dagster as dg

# Data versions given by an asset are "beta" in Dagster; its release is pinned, and every run would say so.
warnings.filterwarnings("ignore", message="Parameter `data_version`", category=dg.BetaWarning)
