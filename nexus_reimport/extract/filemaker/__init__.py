"""Complete, proved extracts of FileMaker entity sets over OData v4."""

from nexus_reimport.extract.filemaker.account_state import AccountState
from nexus_reimport.extract.filemaker.auth import BasicAuth, FmidAuth
from nexus_reimport.extract.filemaker.client import Extract, FileMakerClient

__all__ = ["AccountState", "BasicAuth", "Extract", "FileMakerClient", "FmidAuth"]
