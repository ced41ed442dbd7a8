"""Backups of the rows about to be touched, taken and proved before a publication; whole dumps of Nexus."""

from nexus_reimport.load.backup.dump import Dump, DumpProof, dump, fetch_dump, prove_dump, verify_dump
from nexus_reimport.load.backup.manifest import Backup, Header, new_name, verify
from nexus_reimport.load.backup.proof import Proof, load, prove
from nexus_reimport.load.backup.retention import Keep, forget_old, keep_setting
from nexus_reimport.load.backup.taking import covers, take

__all__ = [
    "Backup",
    "Dump",
    "DumpProof",
    "Header",
    "Keep",
    "Proof",
    "covers",
    "dump",
    "fetch_dump",
    "forget_old",
    "keep_setting",
    "load",
    "new_name",
    "prove",
    "prove_dump",
    "take",
    "verify",
    "verify_dump",
]
