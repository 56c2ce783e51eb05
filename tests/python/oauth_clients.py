"""Works with the broker as Authlib and PyJWT do with any other, without a special case.

usage: oauth_clients.py ISSUER CLIENT_ID SECRET EMERGENCY_TOKEN
"""

import sys

import jwt
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

ISSUER, CLIENT_ID, SECRET, EMERGENCY = sys.argv[1:]
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


def walk(metadata, method):
    """Everything that a client does, with one way to authenticate."""
    endpoint = metadata["token_endpoint"]
    with OAuth2Session(CLIENT_ID, SECRET, token_endpoint_auth_method=method) as session:
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

    with OAuth2Session(CLIENT_ID, "wrong", token_endpoint_auth_method=method) as session:
        try:
            session.fetch_token(endpoint, grant_type="client_credentials")
        except OAuthError as error:
            equal(error.error, "invalid_client")
        else:
            raise AssertionError("a wrong secret was accepted")


def main():
    metadata = requests.get(ISSUER + "/.well-known/openid-configuration", timeout=30).json()
    equal(metadata["issuer"], ISSUER)
    methods = metadata["token_endpoint_auth_methods_supported"]
    for method in ("client_secret_basic", "client_secret_post"):
        assert method in methods, methods
        walk(metadata, method)


main()
