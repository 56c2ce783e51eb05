"""Walks API tokens and OAuth apps with the vendor's published client, unmodified, and exchanges what it gets.

usage: machine_tokens.py URL   (the password is BREAKGLASS_PASSWORD)
"""

import os
import uuid

import jwt
import requests
from vcf.operations.api.auth.token_client import Exchange
from vcf.operations.api.fleet_management.iam.ssorealms.api_tokens_client import Query, Regenerate
from vcf.operations.api.fleet_management.iam.ssorealms.oauth_apps_client import Rotate
from vcf.operations.api.fleet_management.iam.ssorealms_client import ApiTokens, OauthApps
from vcf.operations.model_client import (
    ApiClient,
    ApiToken,
    ClientTokenFilters,
    ClientTokenQuery,
    ClientTokenSearchGroupings,
    ClientTokenSearchTerm,
    OAuthApp,
    RoleScope,
    TokenExchangeRequest,
    UsernamePassword,
    VcfRoleAssignment,
    VcfRoleAssignments,
)

from vendor import Api, bearer, equal, ops_token, refused

PASSWORD = os.environ["BREAKGLASS_PASSWORD"]
API_TOKEN = "urn:custom:vcf:params:oauth:grant-type:api-token"


def paths_of(error):
    return sorted(failure.violation_path for failure in error.validation_failures)


def exchange(token):
    """As the vendor's own scripts do it."""
    return requests.post(token.token_endpoint_url, data={"grant_type": API_TOKEN, "api_token": token.token}, timeout=30)


def walk_tokens(api, realm, principal):
    tokens, search = ApiTokens(api.config), Query(api.config)

    def draft(**fields):
        return ApiToken(**{"api_client_id": "ci", "token_name": "nightly", "token_type": ApiToken.TOKEN_TYPE_API_CLIENT} | fields)

    made = tokens.generate_api_token(realm, draft(api_token_ttl=43200, access_token_ttl=30))
    equal(api.status, 201)
    assert made.token.startswith("vidb_") and made.token.endswith(made.token_last_chars), made
    equal((made.principal_name, made.principal_status, made.token_status), ("ci", "ACTIVE", "ACTIVE"))
    equal(made.expiration_date - made.creation_date, 43200 * 60 * 1000)

    reply = exchange(made)
    equal(reply.status_code, 200)
    body = reply.json()
    equal((body["token_type"], body["expires_in"], body["scope"]), ("Bearer", 1800, "vcf_viewer"))
    holder = bearer(body["access_token"])
    equal(holder.api_clients.get_api_client(realm, "ci").client_uuid, principal)
    refused(holder, 403, holder.api_clients.delete_api_client, realm, "ci")

    kept = tokens.get_api_token(realm, made.id)
    equal((kept.token, kept.token_last_chars), (None, made.token_last_chars))
    assert kept.last_used_date >= made.creation_date, kept
    equal(tokens.update_api_token(realm, ApiToken(id=made.id, token_name="renamed", access_token_ttl=60)), None)
    equal(api.status, 204)

    second = tokens.generate_api_token(realm, draft(token_name="second"))
    Term = ClientTokenSearchTerm
    named = Term(field=Term.FIELD_TOKEN_NAME, operator=Term.OPERATOR_LIKE, terms=["RENAM"])
    found = search.query_api_tokens(realm, ClientTokenQuery(search_terms=ClientTokenSearchGroupings(all_of=[named])))
    equal([(one.id, one.access_token_ttl) for one in found.api_tokens], [(made.id, 60)])
    alive = ClientTokenQuery(filters=ClientTokenFilters(token_status={ClientTokenFilters.TOKEN_STATUS_ACTIVE}))
    page = search.query_api_tokens(realm, alive, page=0, page_size=1, sort_by="ACCESS_TOKEN_TTL", sort_order="DESCENDING")
    equal(([one.id for one in page.api_tokens], page.page_info.total_count), ([made.id], 2))

    renewed = Regenerate(api.config).re_generate_api_token(realm, made.id)
    equal((renewed.id, renewed.token_name), (made.id, "renamed"))
    equal(exchange(made).json()["error"], "invalid_grant")
    refused(holder, 401, holder.api_clients.get_api_client, realm, "ci")
    access = exchange(renewed).json()["access_token"]
    assert tokens.delete_api_token(realm, made.id) is None
    equal(api.status, 204)
    holder = bearer(access)
    refused(holder, 401, holder.api_clients.get_api_client, realm, "ci")
    equal(exchange(second).status_code, 200)

    equal(paths_of(refused(api, 400, tokens.generate_api_token, realm, draft(api_token_ttl=43201))), ["apiTokenTtl"])
    equal(paths_of(refused(api, 400, tokens.generate_api_token, realm, draft(api_client_id="nobody"))), ["apiClientId"])
    refused(api, 404, tokens.get_api_token, realm, str(uuid.uuid4()))
    anonymous = Api()
    refused(anonymous, 401, ApiTokens(anonymous.config).get_api_token, realm, second.id)
    return second


def walk_apps(api, realm):
    apps = OauthApps(api.config)
    made = apps.createo_auth_app(realm, OAuthApp(client_name="Grafana", redirect_urls=["https://g.example/cb"], logout_urls=[]))
    equal((api.status, len(made.client_id)), (201, 32))
    kept = apps.geto_auth_app(realm, made.id)
    equal((kept.client_secret, kept.client_id, kept.redirect_urls), (None, made.client_id, ["https://g.example/cb"]))
    equal([one.id for one in apps.listo_auth_apps(realm).oauth_apps], [made.id])

    def token(secret):
        form = {"grant_type": "client_credentials"}
        return requests.post(made.issuer_url + "/token", data=form, auth=(made.client_id, secret), timeout=30)

    equal(token(made.client_secret).status_code, 200)
    replaced = apps.updateo_auth_app(realm, OAuthApp(id=made.id, client_name="Loki", redirect_urls=[], logout_urls=[]))
    equal((replaced.client_name, replaced.client_secret), ("Loki", None))
    rotated = Rotate(api.config).rotateo_auth_app_secret(realm, made.id)
    equal((api.status, token(made.client_secret).status_code, token(rotated.client_secret).status_code), (201, 401, 200))
    faulty = OAuthApp(client_name="x", redirect_urls=["http://app.example/"])
    equal(paths_of(refused(api, 400, apps.createo_auth_app, realm, faulty)), ["redirectUrls[0]"])
    assert apps.deleteo_auth_app(realm, made.id) is None
    equal((api.status, token(rotated.client_secret).status_code), (204, 401))
    refused(api, 404, apps.geto_auth_app, realm, made.id)


def walk_services(api):
    exchange_session = Exchange(api.config).exchange_ops_token_with_jwt_token
    answer = exchange_session(TokenExchangeRequest(service_keys=["ops-li"]), include_service_details=True)
    equal(api.status, 200)
    equal([(one.key, one.address_type, one.port) for one in answer.services], [("ops-li", "FQDN", 9543)])
    equal(exchange_session(TokenExchangeRequest(service_keys=["ops-li"])).services, None)
    faulty = refused(api, 400, exchange_session, TokenExchangeRequest(service_keys=["ops-li", "nothing"]))
    equal(paths_of(faulty), ["serviceKeys[1]"])
    anonymous = Api()
    unproven = Exchange(anonymous.config).exchange_ops_token_with_jwt_token
    refused(anonymous, 401, unproven, TokenExchangeRequest(service_keys=["ops-li"]))

    # The service verifies the token by what the issuer publishes.
    token = answer.jwt_token
    issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    keys = requests.get(issuer + "/.well-known/openid-configuration", timeout=30).json()["jwks_uri"]
    key = jwt.PyJWKClient(keys).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="https://logs.example.org", issuer=issuer)
    equal((claims["sub"], [role["name"] for role in claims["roles"]]), ("admin", ["vcf_administrator"]))


def main():
    session = Api().acquire.acquire_token(UsernamePassword(username="admin", password=PASSWORD))
    api = ops_token(session.token)
    realm = api.realms.get_sso_realm_list().sso_realms[0].id
    principal = api.api_clients.create_api_client(realm, ApiClient(client_id="ci", client_name="CI")).client_uuid
    scope = RoleScope(scope_type=RoleScope.SCOPE_TYPE_SSO_REALM, resources=[])
    viewer = VcfRoleAssignment(role_name="vcf_viewer", role_scope=scope)
    api.assignments.update_role_assignment(realm, principal, VcfRoleAssignments(vcf_role_assignments=[viewer]))
    walk_services(api)
    left = walk_tokens(api, realm, principal)
    walk_apps(api, realm)
    api.api_clients.delete_api_client(realm, "ci")
    equal(exchange(left).json()["error"], "invalid_grant")


main()
