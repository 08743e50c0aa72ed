"""TLS for the pages: with certificate files of the shop, or with a self-signed one that is made here."""

import contextlib
import datetime
import hashlib
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from sync_server.service.config.model import ServerSettings
from sync_server.service.storage.data_dir import DataDir, DataDirError, write_secret

if TYPE_CHECKING:
    from cryptography import x509

VALID_YEARS = 5
CERTIFICATE, KEY = "tls.cert.pem", "tls.key.pem"


class Tls(Struct, frozen=True):
    """What the pages are served with. `fingerprint` is the certificate's SHA-256, 64 hex digits."""

    certificate: Path
    key: Path
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        """For a listening socket. Raises ssl.SSLError or OSError."""
        return _context(self.certificate, self.key)


def load_tls(data_dir: DataDir, settings: ServerSettings) -> Tls | None:
    """The certificate and key of the settings; None for plain HTTP. Raises DataDirError."""
    if not settings.tls_cert:
        return None
    certificate, key = data_dir.path / settings.tls_cert, data_dir.path / settings.tls_key
    for name, path in (("server.tls_cert", certificate), ("server.tls_key", key)):
        if not os.access(path, os.R_OK):
            why = "cannot be read; check who owns it" if path.exists() else "is not there"
            raise DataDirError(f"{name}: {path} {why}")
    try:
        _context(certificate, key)
        fingerprint = fingerprint_of(certificate)
    except (ssl.SSLError, ValueError) as error:
        raise DataDirError(
            f"server.tls_cert: {certificate} and {key} cannot be used ({_reason(error)});"
            " they must be PEM files that belong together, the key without a password"
        ) from error
    return Tls(certificate, key, fingerprint)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key, password=lambda: "")
    return context


def fingerprint_of(certificate: Path) -> str:
    """SHA-256 of the file's first certificate. Raises ValueError where there is none."""
    text = certificate.read_text("ascii")
    begin, end = text.find(ssl.PEM_HEADER), text.find(ssl.PEM_FOOTER)
    if begin < 0 or end < 0:
        raise ValueError("no certificate in it")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)])).hexdigest()


def valid_until(certificate: Path) -> datetime.datetime:
    """When the file's first certificate expires. Raises ValueError where there is none."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def format_fingerprint(fingerprint: str) -> str:
    """`AB:CD:…`, as browsers show it."""
    return ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)).upper()


def make_certificate(data_dir: DataDir, shop: str, names: Iterable[str], now: datetime.datetime) -> str:
    """Writes a self-signed certificate for these names and addresses, and its key. Returns its fingerprint.

    Raises DataDirError where there is a certificate already.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    data_dir.check_owner()
    certificate, key_path = data_dir.path / CERTIFICATE, data_dir.path / KEY
    if certificate.exists() or key_path.exists():
        raise DataDirError(f"{certificate}: is there already; move it away to make another")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Welkom: {shop}"[:64])])
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # a device's clock may be behind
        .not_valid_after(now + datetime.timedelta(days=365 * VALID_YEARS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8, bare = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_secret(key_path, key.private_bytes(pem, pkcs8, bare).decode("ascii"))
    certificate.write_bytes(signed.public_bytes(pem))
    return fingerprint_of(certificate)


def certificate_names(addresses: Iterable[str]) -> list[str]:
    """The names and addresses by which this computer is reached: loopback, its host name, `addresses`."""
    found = ["localhost", "127.0.0.1", "::1", *addresses]
    with contextlib.suppress(OSError):  # a computer without a host name: its addresses will do
        host = socket.gethostname()
        found += [host, f"{host}.local"] if "." not in host else [host]
    return list(dict.fromkeys(found))


def _general_name(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:  # no IP address
        return x509.DNSName(name)


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error)
