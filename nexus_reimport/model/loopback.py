"""Which addresses are this machine: only to those may anything go unencrypted."""

import ipaddress
from urllib.parse import urlsplit

from nexus_reimport.exceptions import SettingsRefused


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_private(url: str, setting: str) -> None:
    """Raise SettingsRefused, naming the setting, for a plain http address of another machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # "from None": its words quote the address.
        raise SettingsRefused(f"{setting} is no address. Give one like https://s3.example.org.") from None
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        message = f"{setting} would send patients' data in clear to another machine. Give an https address."
        raise SettingsRefused(message)
