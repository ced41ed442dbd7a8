"""Plain http is for this machine alone."""

import pytest

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.model.loopback import is_loopback, require_private


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "example.org", "localhost.example.org", ""])
def test_another_machine_is_not_this_one(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "url", ["https://s3.example.org", "http://127.0.0.1:9000", "http://[::1]:9000", "https:"]
)
def test_https_anywhere_or_http_here_is_private(url: str) -> None:
    require_private(url, "AWS_ENDPOINT_URL_S3")


@pytest.mark.parametrize(
    "url", ["http://s3.example.org", "http://127.0.0.1.example.org", "ftp://example.org"]
)
def test_plain_http_elsewhere_is_refused_by_the_setting_s_name(url: str) -> None:
    with pytest.raises(SettingsRefused, match="AWS_ENDPOINT_URL_S3"):
        require_private(url, "AWS_ENDPOINT_URL_S3")
