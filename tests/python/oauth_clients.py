"""Works with the broker as Authlib and PyJWT do with any other, without a special case.

usage: oauth_clients.py ISSUER CLIENT_ID SECRET EMERGENCY_TOKEN REALM
"""

import base64
import hashlib
import json
import sys
import time
import uuid

import jwt
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

ISSUER, CLIENT_ID, SECRET, EMERGENCY, REALM = sys.argv[1:]
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def verified(metadata, token):
    """The claims of a token, as a resource server reads them that knows nothing but the issuer."""
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    equal(jwt.get_unverified_header(token)["typ"], "at+jwt")
    audience = metadata["issuer"].removesuffix("/acs/t/CUSTOMER")
    required = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]
    options = {"require": required}
    return jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=metadata["issuer"], options=options)


def walk(metadata, method, secret):
    """Everything that a client does, with one way to authenticate."""
    endpoint = metadata["token_endpoint"]
    with OAuth2Session(CLIENT_ID, secret, token_endpoint_auth_method=method) as session:
        if method == "private_key_jwt":
            session.register_client_auth_method(PrivateKeyJWT(endpoint))
        token = session.fetch_token(endpoint, grant_type="client_credentials")
        equal((token["token_type"], token["scope"]), ("Bearer", "vcf_viewer"))
        claims = verified(metadata, token["access_token"])
        equal((claims["sub"], claims["client_id"]), (CLIENT_ID, CLIENT_ID))
        equal([role["name"] for role in claims["roles"]], ["vcf_viewer"])

        def introspect(text):
            session.introspection_endpoint_auth_method = method
            return session.introspect_token(metadata["introspection_endpoint"], token=text).json()

        equal(introspect(token["access_token"])["active"], True)
        equal(introspect("something else"), {"active": False})

        narrow = session.fetch_token(
            endpoint,
            grant_type=EXCHANGE,
            subject_token=EMERGENCY,
            subject_token_type=ACCESS_TOKEN,
            scope="vcf_viewer",
            expires_in="60",
        )
        equal((narrow["issued_token_type"], narrow["expires_in"], narrow["scope"]), (ACCESS_TOKEN, 60, "vcf_viewer"))
        claims = verified(metadata, narrow["access_token"])
        equal((claims["sub"], claims["act"]), ("fire", {"sub": CLIENT_ID}))
        equal(introspect(narrow["access_token"])["act"], {"sub": CLIENT_ID})

        session.revocation_endpoint_auth_method = method
        reply = session.revoke_token(metadata["revocation_endpoint"], token=token["access_token"])
        equal(reply.status_code, 200)
        equal(introspect(token["access_token"]), {"active": False})
        equal(introspect(narrow["access_token"])["active"], True)

    if method == "private_key_jwt":
        return
    with OAuth2Session(CLIENT_ID, "wrong", token_endpoint_auth_method=method) as session:
        try:
            session.fetch_token(endpoint, grant_type="client_credentials")
        except OAuthError as error:
            equal(error.error, "invalid_client")
        else:
            raise AssertionError("a wrong secret was accepted")


def register(*keys):
    """Registers public keys. The holder of the emergency token may, as the administrator of the realm."""
    url = f"{ISSUER.removesuffix('/acs/t/CUSTOMER')}/breakglass/v1/realms/{REALM}/clients/{CLIENT_ID}/keys"
    reply = requests.put(url, json={"keys": list(keys)}, headers={"Authorization": f"Bearer {EMERGENCY}"}, timeout=30)
    equal((reply.status_code, sorted(one["algorithm"] for one in reply.json()["clientKeys"])), (200, ["ES256", "RS256"]))


def pem_of(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def attack(metadata, key):
    """Assertions that prove nothing, and one that proves something once."""
    endpoint = metadata["token_endpoint"]

    def ask(assertion):
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        reply = requests.post(endpoint, data=form, timeout=30)
        return reply.status_code, reply.json().get("error")

    def assertion(signer=key, algorithm="ES256", headers=None, **claims):
        now = int(time.time())
        whole = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": endpoint, "exp": now + 60, "iat": now, "jti": str(uuid.uuid4())}
        whole = {name: value for name, value in (whole | claims).items() if value is not None}
        return jwt.encode(whole, signer, algorithm=algorithm, headers=headers)

    refused = (401, "invalid_client")
    once = assertion()
    equal(ask(once), (200, None))
    equal(ask(once), refused)
    equal(ask(assertion(aud=ISSUER)), (200, None))
    now = int(time.time())
    for bad in (
        assertion(exp=now - 1),
        assertion(exp=now + 7200),
        assertion(iat=now + 3600),
        assertion(aud="https://elsewhere.example/token"),
        assertion(sub="somebody"),
        assertion(iss="somebody"),
        assertion(jti=None),
        assertion(signer=ec.generate_private_key(ec.SECP256R1())),
        assertion(signer=None, algorithm="none"),
        assertion(signer="x" * 64, algorithm="HS256"),
        assertion(signer=ec.generate_private_key(ec.SECP256R1()), headers={"jku": "http://127.0.0.1:9/keys"}),
        "no.assertion.atall",
    ):
        equal(ask(bad), refused)


def prove(metadata):
    """A token that is bound to a key (RFC 9449), with proofs that PyJWT signs."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    assert "ES256" in metadata["dpop_signing_alg_values_supported"], metadata

    def proof(method, url, token=None):
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": time.time()}
        if token:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return jwt.encode(claims, key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": jwk})

    endpoint = metadata["token_endpoint"]
    with OAuth2Session(CLIENT_ID, SECRET, token_endpoint_auth_method="client_secret_basic") as session:
        shown = {"DPoP": proof("POST", endpoint)}
        token = session.fetch_token(endpoint, grant_type="client_credentials", headers=shown)
        equal(token["token_type"], "DPoP")
        text = token["access_token"]
        thumbprint = ECKey.import_key(jwk).thumbprint()
        equal(verified(metadata, text)["cnf"], {"jkt": thumbprint})

    url = f"{ISSUER.removesuffix('/acs/t/CUSTOMER')}/suite-api/api/fleet-management/iam/ssorealms"

    def show(scheme, shown):
        reply = requests.get(url, headers={"Authorization": f"{scheme} {text}"} | shown, timeout=30)
        return reply.status_code, reply.headers.get("WWW-Authenticate", "").partition(" ")[0]

    good = {"DPoP": proof("GET", url, text)}
    equal(show("DPoP", good), (200, ""))
    equal(show("DPoP", good), (401, "DPoP"))
    equal(show("Bearer", {}), (401, "DPoP"))
    equal(show("DPoP", {"DPoP": proof("GET", url)}), (401, "DPoP"))


def main():
    metadata = requests.get(ISSUER + "/.well-known/openid-configuration", timeout=30).json()
    equal(metadata["issuer"], ISSUER)
    methods = metadata["token_endpoint_auth_methods_supported"]
    for method in ("client_secret_basic", "client_secret_post"):
        assert method in methods, methods
        walk(metadata, method, SECRET)
    key = ec.generate_private_key(ec.SECP256R1())
    long = rsa.generate_private_key(65537, 2048)
    register(
        json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())),
        json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(long.public_key())),
    )
    assert "private_key_jwt" in methods, methods
    walk(metadata, "private_key_jwt", pem_of(long))
    attack(metadata, key)
    prove(metadata)


main()
