"""Mints a token as another issuer would, and writes the certificate of its key and the key set that it publishes.

usage: foreign_token.py ISSUER AUDIENCE CERTIFICATE KEY_SET
"""

import datetime
import json
import sys
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.algorithms import RSAAlgorithm

ISSUER, AUDIENCE, CERTIFICATE, KEY_SET = sys.argv[1:]


def main():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    Path(CERTIFICATE).write_bytes(made.public_bytes(Encoding.PEM))
    published = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "k1", "use": "sig", "alg": "RS256"}
    Path(KEY_SET).write_text(json.dumps({"keys": [published]}), encoding="utf-8")
    claims = {
        "iss": ISSUER,
        "sub": "carol@example.org",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + datetime.timedelta(minutes=10),
        "group_names": ["operators@example.org"],
    }
    print(jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"}))


main()
