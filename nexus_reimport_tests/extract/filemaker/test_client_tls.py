"""TLS is verified, really: a server with a certificate of a private authority, over a real connection."""

import datetime
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from nexus_reimport.exceptions import CertificateRefused, SettingsRefused
from nexus_reimport.model.filemaker import EntitySet
from nexus_reimport.sandbox.filemaker import create_app

DATABASE, USERNAME, PASSWORD = "Clinic", "importer", "only-for-these-tests"


def self_signed(
    folder: Path, address: str, ends: datetime.timedelta = datetime.timedelta(hours=1)
) -> tuple[Path, Path]:
    """Write a certificate for an address, good until so long from now, and its key; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Clinic test authority")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + ends)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{address}.pem", folder / f"{address}.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.fixture
def secure(served: Callable[..., str], rows: list[dict[str, object]]) -> Callable[[tuple[Path, Path]], str]:
    """Serve the rows over TLS with a certificate and its key."""

    def start(files: tuple[Path, Path]) -> str:
        app = create_app({"API_Things": rows}, database=DATABASE, username=USERNAME, password=PASSWORD)
        return served(app, ssl_certfile=str(files[0]), ssl_keyfile=str(files[1]))

    return start


def test_an_unknown_authority_is_refused_at_once(
    tmp_path: Path,
    secure: Callable[..., str],
    client: Callable[..., Any],
    pauses: list[float],
    things: EntitySet,
) -> None:
    host = secure(self_signed(tmp_path, "127.0.0.1"))
    with pytest.raises(CertificateRefused, match="FILEMAKER_CA_BUNDLE"):
        client(host).extract(things)
    assert pauses == []


def test_its_ca_file_makes_it_trusted(
    tmp_path: Path, secure: Callable[..., str], client: Callable[..., Any], things: EntitySet
) -> None:
    files = self_signed(tmp_path, "127.0.0.1")
    assert len(client(secure(files), ca_bundle=str(files[0])).extract(things).rows) == 25


def test_a_certificate_for_another_name_is_refused(
    tmp_path: Path, secure: Callable[..., str], client: Callable[..., Any], things: EntitySet
) -> None:
    files = self_signed(tmp_path, "127.0.0.2")
    with pytest.raises(CertificateRefused):
        client(secure(files), ca_bundle=str(files[0])).extract(things)


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_ca_file_that_can_not_be_read_is_refused(
    content: bytes | None, tmp_path: Path, client: Callable[..., Any]
) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(SettingsRefused, match="FILEMAKER_CA_BUNDLE"):
        client("fms.example.org", ca_bundle=str(bundle))
