"""A FileMaker OData server to practise on: the contract's behaviour, and its faults by name."""

from nexus_reimport.sandbox.filemaker.app import create_app, serve
from nexus_reimport.sandbox.filemaker.faults import Fault, FaultPlan

__all__ = ["Fault", "FaultPlan", "create_app", "serve"]
