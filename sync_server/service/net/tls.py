"""TLS for the pages: certificate files that somebody brought, or a self-signed one made here."""

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

from .folder import Folder, FolderError, write_secret
from .settings import Listen

if TYPE_CHECKING:
    from cryptography import x509

YEARS = 5
CERTIFICATE, KEY = "tls.cert.pem", "tls.key.pem"


class Tls(Struct, frozen=True):
    """What the pages are served with. `fingerprint` is the certificate's SHA-256, 64 hex digits."""

    certificate: Path
    key: Path
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        """For a listening socket. Raises ssl.SSLError or OSError."""
        return _context(self.certificate, self.key)


def load(folder: Folder, listen: Listen) -> Tls | None:
    """The certificate and key of the settings; None for plain HTTP. Raises FolderError."""
    if not listen.tls_cert:
        return None
    certificate, key = folder.path / listen.tls_cert, folder.path / listen.tls_key
    for name, path in (("server.tls_cert", certificate), ("server.tls_key", key)):
        if not os.access(path, os.R_OK):
            why = "cannot be read; check who owns it" if path.exists() else "is not there"
            raise FolderError(f"{name}: {path} {why}")
    try:
        _context(certificate, key)
        fingerprint = fingerprint_of(certificate)
    except (ssl.SSLError, ValueError) as error:
        raise FolderError(
            f"server.tls_cert: {certificate} and {key} cannot be used ({_in_words(error)});"
            " they must be PEM files that belong together, the key without a password"
        ) from error
    return Tls(certificate, key, fingerprint)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key, password=lambda: "")
    return made


def fingerprint_of(certificate: Path) -> str:
    """SHA-256 of the file's first certificate. Raises ValueError where there is none."""
    text = certificate.read_text("ascii")
    begin, end = text.find(ssl.PEM_HEADER), text.find(ssl.PEM_FOOTER)
    if begin < 0 or end < 0:
        raise ValueError("no certificate in it")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)])).hexdigest()


def ends_at(certificate: Path) -> datetime.datetime:
    """Until when the file's first certificate is valid. Raises ValueError where there is none."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def in_pairs(fingerprint: str) -> str:
    """`AB:CD:…`, as browsers show it."""
    return ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)).upper()


def make(folder: Folder, shop: str, names: Iterable[str], now: datetime.datetime) -> str:
    """Writes a self-signed certificate for these names and addresses, and its key; its fingerprint.

    Raises FolderError where there is one already.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    folder.check_owner()
    certificate, key_path = folder.path / CERTIFICATE, folder.path / KEY
    if certificate.exists() or key_path.exists():
        raise FolderError(f"{certificate}: is there already; move it away to make another")
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Welkom: {shop}"[:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # a device's clock may be behind
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
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
    certificate.write_bytes(made.public_bytes(pem))
    return fingerprint_of(certificate)


def own_names(address: str) -> list[str]:
    """By which names and addresses this computer is reached: loopback, its name, its address."""
    found = ["localhost", "127.0.0.1", "::1", address]
    with contextlib.suppress(OSError):
        host = socket.gethostname()
        found += [host, f"{host}.local"] if "." not in host else [host]
    return list(dict.fromkeys(found))


def _general(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _in_words(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error)
