"""A certificate authority for one run, and the one certificate that all its servers use."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_DAYS = 2


class Authority:
    """Files in `folder`: `authority.pem`, `certificate.pem` (for localhost) and `key.pem`."""

    def __init__(self, folder, now=None):
        """`now` is what the servers take for the time of day."""
        now = now or datetime.datetime.now(datetime.timezone.utc)
        self.file = folder / "authority.pem"
        self.certificate_file = folder / "certificate.pem"
        self.key_file = folder / "key.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of one test run")])
        root = _builder(name, name, key, now).add_extension(x509.BasicConstraints(True, None), critical=True)
        self.file.write_bytes(_pem(root.sign(key, hashes.SHA256())))
        leaf_key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        leaf = _builder(subject, name, leaf_key, now).add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.certificate_file.write_bytes(_pem(leaf.sign(key, hashes.SHA256())))
        self.key_file.write_bytes(
            leaf_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _builder(subject, issuer, key, now):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
    )


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
