"""Complete, proved extracts of FileMaker entity sets over OData v4."""

from nexus_reimport.clients.filemaker.auth import BasicAuth, FmidAuth
from nexus_reimport.clients.filemaker.client import Extract, FileMakerClient
from nexus_reimport.clients.filemaker.standing import Standing

__all__ = ["BasicAuth", "Extract", "FileMakerClient", "FmidAuth", "Standing"]
