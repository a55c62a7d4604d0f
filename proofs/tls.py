"""The same proxy behind TLS, with papers that are in order on all connections but the bad ones."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proofs.proxy import Proxy, answered, read_request

BAD = {
    "expired": "certificate has expired",
    "wrong host": "certificate is not valid for '127.0.0.1'",
    "unknown authority": "unable to get local issuer certificate",
}
"""Papers that are bad → how OpenSSL says so."""
TRUSTED = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""How OpenSSL, and the requests library, are told whom to trust."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs certificates."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def named(cls, name: str) -> Authority:
        """A new one."""
        return cls(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), ec.generate_private_key(ec.SECP256R1()))

    def root(self) -> bytes:
        """Its own certificate."""
        now = datetime.now(UTC)
        made = _begun(self.name, self.name, self.key.public_key(), now - DAY, now + DAY)
        basic = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)  # noqa: FBT003  its order
        signed = made.add_extension(basic, critical=True).add_extension(usage, critical=True)
        return signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def certify(self, host: str, until: datetime) -> bytes:
        """A key and a certificate for a host that is valid until then, as one PEM text."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")])
        made = _begun(name, self.name, key.public_key(), until - 30 * DAY, until)
        entry = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        signed = made.add_extension(x509.SubjectAlternativeName([entry]), critical=False).sign(
            self.key, hashes.SHA256()
        )
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        return pem + signed.public_bytes(serialization.Encoding.PEM)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return made.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)


def papers(folder: Path) -> Path:
    """Write a root, and server certificates that are good, and bad in each way; gives the folder."""
    ours, strangers = Authority.named("Proof Root"), Authority.named("Strangers")
    later, earlier = datetime.now(UTC) + DAY, datetime.now(UTC) - DAY
    files = {
        "root": ours.root(),
        "good": ours.certify("127.0.0.1", later),
        "expired": ours.certify("127.0.0.1", earlier),
        "wrong host": ours.certify("api.example.org", later),
        "unknown authority": strangers.certify("127.0.0.1", later),
    }
    home = folder / "papers"
    home.mkdir()
    for name, pem in files.items():
        (home / f"{name}.pem").write_bytes(pem)
    return home


@contextmanager
def trusted(home: Path) -> Iterator[None]:
    """Clients that are made meanwhile trust our root, and no other."""
    before = {name: os.environ.get(name) for name in TRUSTED}
    os.environ.update(dict.fromkeys(TRUSTED, str(home / "root.pem")))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@dataclass
class TlsProxy(Proxy):
    """One connection for each request; those at `turn`, and after it if `ever`, show the papers called `bad`."""

    home: Path = Path()
    bad: str = "good"
    _connections: int = field(default=0)

    def __enter__(self) -> TlsProxy:
        super().__enter__()
        self.url = self.url.replace("http://", "https://")
        return self

    def _serve(self, client: socket.socket) -> None:
        try:
            with self._context().wrap_socket(client, server_side=True) as line, line.makefile("rb") as stream:
                request = read_request(stream)
                if request is not None:
                    line.sendall(answered(self._forward(request), close=True))
        except OSError:
            return

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            number = self._connections
            self._connections += 1
            due = self.bad != "good" and (number == self.turn or (self.ever and number > self.turn))
            self.hits += due
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.home / f"{self.bad if due else 'good'}.pem")
        return context
