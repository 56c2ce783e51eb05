"""A service that trusts an issuer and knows nothing of Breakglass but the issuer's URL.

usage: relying_party.py ISSUER ALGORITHM CLIENT_ID STATE TOKEN_FILE
STATE is `alive` or `recalled`: what the service must find out by itself about the token.
"""

import base64
import json
import sys
import time
import zlib

import jwt
import requests

ISSUER, ALGORITHM, CLIENT_ID, STATE, TOKEN_FILE = sys.argv[1:]


def equal(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


def discover():
    """OpenID Connect Discovery 1.0, section 4, and RFC 8414, section 3: both places give the same document."""
    document = requests.get(ISSUER + "/.well-known/openid-configuration", timeout=30)
    equal(document.status_code, 200)
    metadata = document.json()
    equal(metadata["issuer"], ISSUER)
    scheme, _, rest = ISSUER.partition("://")
    host, _, path = rest.partition("/")
    for place in (f"{scheme}://{host}/.well-known/oauth-authorization-server/{path}", ISSUER + "/.well-known/oauth-authorization-server"):
        equal(requests.get(place, timeout=30).json(), metadata)
    return metadata


def key_of(metadata, token):
    """The key that the token names, by a client that fetches and caches the key set itself."""
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    equal(key.algorithm_name, ALGORITHM)
    equal(key.public_key_use, "sig")
    return key


def verify(metadata, token):
    """RFC 9068, section 4."""
    header = jwt.get_unverified_header(token)
    equal((header["typ"], header["alg"]), ("at+jwt", ALGORITHM))
    unverified = jwt.decode(token, options={"verify_signature": False})
    audience = unverified["aud"] if isinstance(unverified["aud"], str) else unverified["aud"][0]
    claims = jwt.decode(
        token,
        key_of(metadata, token),
        algorithms=[ALGORITHM],
        issuer=ISSUER,
        audience=audience,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
    )
    equal(claims["sub"], CLIENT_ID)
    equal(claims["client_id"], CLIENT_ID)
    equal(claims["exp"] - claims["iat"], 3600)
    assert claims["jti"] and abs(claims["iat"] - time.time()) < 300, claims
    assert "vcf_administrator" in json.dumps(claims["roles"]), claims["roles"]
    for wrong in ({"audience": "another"}, {"issuer": ISSUER + "x"}):
        expected = {"issuer": ISSUER, "audience": audience} | wrong
        try:
            jwt.decode(token, key_of(metadata, token), algorithms=[ALGORITHM], **expected)
        except jwt.InvalidTokenError:
            continue
        raise AssertionError(f"accepted with {wrong}")
    refuse_forgeries(metadata, token, audience)
    return claims


def refuse_forgeries(metadata, token, audience):
    """What a signature is for: another payload under it, and a token without one, are refused."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["exp"] += 1
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    for forged in (f"{header}.{other}.{signature}", f"{none}.{payload}."):
        try:
            jwt.decode(forged, key_of(metadata, token), algorithms=[ALGORITHM], issuer=ISSUER, audience=audience)
        except jwt.InvalidTokenError:
            continue
        raise AssertionError("accepted a forged token")


def recalled(metadata, reference):
    """IETF Token Status List, section 8.3: fetch, verify, inflate, look at the place of the token."""
    answer = requests.get(reference["uri"], headers={"Accept": "application/statuslist+jwt"}, timeout=30)
    equal(answer.status_code, 200)
    equal(answer.headers["Content-Type"], "application/statuslist+jwt")
    equal(jwt.get_unverified_header(answer.text)["typ"], "statuslist+jwt")
    claims = jwt.decode(answer.text, key_of(metadata, answer.text), algorithms=[ALGORITHM], options={"require": ["iat", "sub"]})
    equal(claims["sub"], reference["uri"])
    status_list = claims["status_list"]
    bits = status_list["bits"]
    packed = status_list["lst"]
    octets = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    per_octet = 8 // bits
    octet = octets[reference["idx"] // per_octet]
    status = octet >> (reference["idx"] % per_octet * bits) & ((1 << bits) - 1)
    assert status in (0, 1), status
    # Section 5.1: for how many seconds this answer may be kept.
    return status == 1, claims["ttl"]


def main():
    with open(TOKEN_FILE, encoding="ascii") as file:
        token = file.read().strip()
    metadata = discover()
    claims = verify(metadata, token)
    is_recalled, lag = recalled(metadata, claims["status"]["status_list"])
    assert 0 < lag <= 60, lag
    equal("recalled" if is_recalled else "alive", STATE)


main()
