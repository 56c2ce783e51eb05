"""Gets a token that is bound to a certificate (RFC 8705), and shows it with that one, with another and with none.

usage: certificates.py ISSUER CLIENT_ID SECRET TRUSTED
"""

import base64
import datetime
import hashlib
import sys
import tempfile
from pathlib import Path

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ISSUER, CLIENT_ID, SECRET, TRUSTED = sys.argv[1:]


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def certificate(folder, name):
    """A certificate that nobody vouches for, in a file with its key, and its thumbprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = Path(folder) / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    digest = hashlib.sha256(made.public_bytes(Encoding.DER)).digest()
    return str(path), base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def main():
    with tempfile.TemporaryDirectory() as folder:
        mine, thumbprint = certificate(folder, "mine")
        other, _ = certificate(folder, "other")
        metadata = requests.get(ISSUER + "/.well-known/openid-configuration", verify=TRUSTED, timeout=30).json()
        equal(metadata["tls_client_certificate_bound_access_tokens"], True)

        def issue(shown):
            form = {"grant_type": "client_credentials"}
            endpoint, who = metadata["token_endpoint"], (CLIENT_ID, SECRET)
            reply = requests.post(endpoint, data=form, auth=who, cert=shown, verify=TRUSTED, timeout=30)
            equal((reply.status_code, reply.json()["token_type"]), (200, "Bearer"))
            token = reply.json()["access_token"]
            return token, jwt.decode(token, options={"verify_signature": False}).get("cnf")

        def show(token, shown):
            url = ISSUER.removesuffix("/acs/t/CUSTOMER") + "/suite-api/api/fleet-management/iam/ssorealms"
            held = {"Authorization": f"Bearer {token}"}
            return requests.get(url, headers=held, cert=shown, verify=TRUSTED, timeout=30).status_code

        bound, confirmation = issue(mine)
        equal(confirmation, {"x5t#S256": thumbprint})
        equal([show(bound, shown) for shown in (mine, other, None)], [200, 401, 401])
        free, confirmation = issue(None)
        equal(confirmation, None)
        equal([show(free, shown) for shown in (mine, None)], [200, 200])


main()
