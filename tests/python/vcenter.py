"""Walks the overflow of a token, from the grant to a call that works, with the vendor's published clients, unmodified.

usage: vcenter.py BROKER VCENTER CERTIFICATE   (the passwords are in the environment: BREAKGLASS_PASSWORD, API_TOKEN and OTHER_API_TOKEN)

BROKER issues tokens, VCENTER is another installation that trusts it, and speaks TLS with CERTIFICATE.
"""

import base64
import json
import os
import re
import sys
import urllib.parse

import requests
from com.vmware.cis_client import Session
from com.vmware.vapi.std.errors_client import InvalidArgument, OperationNotFound, Unauthenticated
from com.vmware.vcenter_client import RegisteredTokens
from vmware.vapi.bindings.stub import StubConfiguration
from vmware.vapi.lib.connect import get_requests_connector
from vmware.vapi.security.client.security_context_filter import LegacySecurityContextFilter
from vmware.vapi.security.http_authorization import create_http_authorization_security_context
from vmware.vapi.security.oauth import create_oauth_security_context
from vmware.vapi.security.session import create_session_security_context
from vmware.vapi.stdlib.client.factories import StubConfigurationFactory
from vmware.vapi.vsphere.client import create_vsphere_client

BROKER, VCENTER, CERTIFICATE = sys.argv[1:]
PASSWORD = os.environ["BREAKGLASS_PASSWORD"]
API_TOKEN = os.environ["API_TOKEN"]
OTHER_API_TOKEN = os.environ["OTHER_API_TOKEN"]
GRANT = "urn:custom:vcf:params:oauth:grant-type:api-token"
ROLES = 500


def http():
    session = requests.Session()
    session.verify = CERTIFICATE
    # What the environment says of certificates would win.
    session.trust_env = False
    return session


def stub(service, security_context=None):
    """A service of the vendor's client in its default mode, JSON-RPC."""
    filters = [LegacySecurityContextFilter(security_context=security_context)] if security_context else []
    connector = get_requests_connector(session=http(), url=VCENTER + "/api", provider_filter_chain=filters)
    return service(StubConfigurationFactory.new_std_configuration(connector))


def over_rest(service, headers):
    """The same in its older REST mode, where only a header of the session can be a bearer."""
    session = http()
    session.headers.update(headers)
    return service(StubConfiguration(get_requests_connector(session=session, msg_protocol="rest", url=VCENTER + "/rest")))


def grant(api_token):
    answer = requests.post(BROKER + "/acs/t/CUSTOMER/token", data={"grant_type": GRANT, "api_token": api_token}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def expand(token, url):
    answer = requests.get(url, headers={"Authorization": "Bearer " + token}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/jwt", answer.headers
    return answer.text


def raised(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        assert error.messages and error.messages[0].default_message, error
        return error
    raise AssertionError(f"{call} raised nothing")


def spec(expanded):
    return RegisteredTokens.CreateSpec(expanded_access_token=expanded)


def main():
    token, other = grant(API_TOKEN), grant(OTHER_API_TOKEN)
    small = claims(token)
    assert len(token) <= 4096, len(token)
    assert "roles" not in small and small["ovc"] == ["roles", "scope"], small

    # The broker itself knows what it left out.
    told = requests.post(
        BROKER + "/acs/t/CUSTOMER/introspect", data={"token": token}, auth=("admin", PASSWORD), timeout=30
    ).json()
    assert told["active"] and len(told["roles"]) == ROLES, len(told["roles"])
    raw = requests.get(
        BROKER + "/acs/t/CUSTOMER/expand-access-token?format=raw", headers={"Authorization": "Bearer " + token}, timeout=30
    ).json()
    assert len(raw["roles"]) == ROLES and raw["jti"] == small["jti"]

    bearer = create_oauth_security_context(token)
    error = raised(Unauthenticated, stub(Session, bearer).create)
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', error.challenge))
    assert challenge["error"] == "registration_required", challenge
    assert challenge["ovl"] == small["ovl"], challenge
    configuration = requests.get(challenge["oidc_config_url"], timeout=30).json()
    assert configuration["issuer"] == small["iss"], configuration
    twin = expand(token, challenge["ovl"])
    full = claims(twin)
    assert len(full["roles"]) == ROLES and full["ovl_jti"] == small["jti"] and full["exp"] == small["exp"]

    # What does not belong together is refused, whoever asks.
    others = expand(other, claims(other)["ovl"])
    registrations = stub(RegisteredTokens, bearer)
    for wrong in (others, token, "a.b.c", ""):
        error = raised(InvalidArgument, registrations.create, spec(wrong))
        assert error.error_type == "INVALID_ARGUMENT", error
        assert wrong == "" or wrong not in str(error), error
    raised(InvalidArgument, stub(RegisteredTokens, create_oauth_security_context(other)).create, spec(twin))
    raised(Unauthenticated, stub(RegisteredTokens).create, spec(twin))
    raised(Unauthenticated, stub(RegisteredTokens, create_oauth_security_context("a.b.c")).create, spec(twin))
    assert registrations.create(RegisteredTokens.CreateSpec()) is None
    raised(Unauthenticated, stub(Session, bearer).create)

    # The pair, by each way in which the client can show the token.
    assert registrations.create(spec(twin)) is None
    by_scheme = create_http_authorization_security_context(token, "Bearer")
    assert stub(RegisteredTokens, by_scheme).create(spec(twin)) is None
    raised(InvalidArgument, registrations.create, spec(others))
    headers = {"Authorization": "Bearer " + token}
    assert over_rest(RegisteredTokens, headers).create(spec(twin)) is None
    # In this mode the client raises the first error that it knows of, whatever came.
    error = raised(Unauthenticated, over_rest(RegisteredTokens, headers).create, spec(others))
    assert (error.error_type, error.get_status_code()) == ("INVALID_ARGUMENT", 400), error

    # Now the small token is good for what the big one says.
    session_id = stub(Session, bearer).create()
    info = stub(Session, create_session_security_context(session_id)).get()
    assert info.user == small["sub"] + "@CUSTOMER", info
    assert info.created_time <= info.last_accessed_time, info
    profiles = VCENTER + "/api/esx/authentication/client-profiles"
    for shown in (headers, {"vmware-api-session-id": session_id}):
        answer = http().get(profiles, headers=shown, timeout=30)
        assert answer.status_code == 200 and len(answer.json()) == 1, answer.text
    answer = http().get(profiles, headers={"Authorization": "Bearer " + other}, timeout=30)
    assert answer.status_code == 401 and "registration_required" in answer.headers["WWW-Authenticate"], answer.headers
    stub(Session, create_session_security_context(session_id)).delete()
    raised(Unauthenticated, stub(Session, create_session_security_context(session_id)).get)

    # The client that most programs use signs in by itself.
    server = urllib.parse.urlsplit(VCENTER).netloc
    client = create_vsphere_client(server=server, username="admin", password=PASSWORD, session=http())
    assert len(client.get_session_id()) >= 32
    raised(OperationNotFound, client.vcenter.Cluster.list)
    raised(Unauthenticated, create_vsphere_client, server, "admin", "wrong", None, None, None, http())


main()
