"""Where the database is, and what may be asked: https anywhere, plain http on this machine only."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

import httpx

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.model.loopback import is_loopback

# FileMaker ignores an option whose dollar sign is percent-encoded, and takes no plus sign for a blank.
VALUE_SAFE = "'(),"


@dataclass(frozen=True)
class Endpoint:
    """One hosted database: `https://{host}/fmi/odata/v4/{database}/`."""

    base: httpx.URL

    @classmethod
    def at(cls, host: str, database: str) -> Self:
        """Return the endpoint of a host name, `host:port` or origin; SettingsRefused if unsafe."""
        origin = parse_origin(host)
        if not database.strip():
            raise SettingsRefused("No FileMaker database is named. Set FILEMAKER_DATABASE.")
        return cls(origin.join(f"/fmi/odata/v4/{quote(database.strip(), safe='')}/"))

    def records(self, entity: str, **options: str) -> httpx.URL:
        """Return the address of an entity set's records, with query options (without their dollar sign)."""
        query = "&".join(f"${name}={quote(value, safe=VALUE_SAFE)}" for name, value in options.items())
        return self.base.join(f"{quote(entity, safe='')}?{query}")

    def count(self, entity: str) -> httpx.URL:
        """Return the address that answers the number of records alone."""
        return self.base.join(f"{quote(entity, safe='')}/$count")

    def follow(self, current: httpx.URL, link: str) -> httpx.URL | None:
        """Return a nextLink as an address, or None where it leaves the host: credentials stay here.

        Nor is one followed that brings a user name of its own, which httpx would send in place of ours.
        """
        try:
            target = current.join(link)
        except (httpx.InvalidURL, ValueError):
            return None
        is_ours = origin_of(target) == origin_of(self.base) and not target.userinfo
        return target if is_ours else None


def parse_origin(host: str) -> httpx.URL:
    """Return scheme, host and port; https unless http is written, and http only to loopback."""
    text = host.strip()
    try:
        url = httpx.URL(text if "://" in text else f"https://{text}")
    except (httpx.InvalidURL, ValueError):
        raise SettingsRefused("FILEMAKER_HOST is not a host name. Give one like fms.example.org.") from None
    if not url.host or url.userinfo or url.path not in ("", "/") or url.query or url.fragment:
        message = "FILEMAKER_HOST must be a host name only: no path, no user name, no password."
        raise SettingsRefused(message)
    if url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host)):
        return url
    message = "FILEMAKER_HOST would send patients' records in clear to another machine. Use https."
    raise SettingsRefused(message)


def origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return what two addresses of one server share."""
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, url.host.lower(), port
