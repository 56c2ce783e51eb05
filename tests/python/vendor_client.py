"""Walks the fleet IAM surface with the vendor's published client, unmodified.

usage: vendor_client.py URL BROKER   (BROKER: the id of a broker without a realm; the password is BREAKGLASS_PASSWORD)
"""

import os
import sys
import time
import uuid

from vcf.operations.model_client import (
    EmergencyClient,
    GlobalIamSettings,
    IamTaskDetails,
    SsoRealmCreationRequest,
    UsernamePassword,
    Vidb,
)

from vendor import Api, bearer, equal, ops_token, refused

EMPTY_BROKER = sys.argv[2]
PASSWORD = os.environ["BREAKGLASS_PASSWORD"]
MILLIS_PER_MINUTE = 60_000


def walk_sign_in():
    anonymous = Api()
    for wrong in (
        UsernamePassword(username="admin", password="wrong"),
        UsernamePassword(username="nobody", password=PASSWORD),
    ):
        refused(anonymous, 401, anonymous.acquire.acquire_token, wrong)
    elsewhere = UsernamePassword(username="admin", password=PASSWORD, auth_source="corporate")
    failures = refused(anonymous, 400, anonymous.acquire.acquire_token, elsewhere).validation_failures
    equal([failure.violation_path for failure in failures], ["authSource"])
    refused(anonymous, 401, anonymous.vidbs.get_eligible_vidbs)
    assert "OpsToken" in anonymous.headers["WWW-Authenticate"], anonymous.headers
    invalid = ops_token(f"{uuid.uuid4()}::{uuid.uuid4()}")
    refused(invalid, 401, invalid.vidbs.get_eligible_vidbs)

    before = int(time.time() * 1000)
    local = anonymous.acquire.acquire_token(UsernamePassword(username="admin", password=PASSWORD, auth_source="local"))
    answer = anonymous.acquire.acquire_token(UsernamePassword(username="admin", password=PASSWORD))
    equal(anonymous.status, 200)
    assert local.token != answer.token
    first, _, second = answer.token.partition("::")
    uuid.UUID(first), uuid.UUID(second)
    six_hours = 6 * 60 * MILLIS_PER_MINUTE
    assert before + six_hours <= answer.validity <= before + six_hours + 60_000, answer.validity
    assert answer.expires_at, answer
    return answer.token


def walk_brokers(api):
    brokers = api.vidbs.get_eligible_vidbs().vidbs
    customer = next(broker for broker in brokers if broker.oidc_configuration_url.endswith("/CUSTOMER/.well-known/openid-configuration"))
    equal(customer.deployment_type, Vidb.DEPLOYMENT_TYPE_EMBEDDED)
    assert customer.healthy is True, customer
    assert {broker.id for broker in brokers} == {customer.id, EMPTY_BROKER}, brokers
    embedded = api.vidbs.get_eligible_vidbs(deployment_type=Vidb.DEPLOYMENT_TYPE_EMBEDDED).vidbs
    equal({broker.id for broker in embedded}, {customer.id, EMPTY_BROKER})
    equal(api.vidbs.get_eligible_vidbs(deployment_type=Vidb.DEPLOYMENT_TYPE_EXTERNAL).vidbs, [])

    assert api.vidbs.update_vidb_metadata(Vidb(id=customer.id, display_name="Nordlys – 北")) is None
    equal(api.status, 204)
    renamed = next(broker for broker in api.vidbs.get_eligible_vidbs().vidbs if broker.id == customer.id)
    equal(renamed.display_name, "Nordlys – 北")
    refused(api, 404, api.vidbs.update_vidb_metadata, Vidb(id=str(uuid.uuid4()), display_name="x"))
    return customer


def walk_realms(api, customer):
    realms = api.realms.get_sso_realm_list().sso_realms
    equal(len(realms), 1)
    realm = api.realms.get_sso_realm(realms[0].id)
    equal(realm.vidb_resource_id, customer.id)
    equal(realm.name, "Nordlys – 北")
    refused(api, 404, api.realms.get_sso_realm, str(uuid.uuid4()))
    refused(api, 409, api.realms.create_sso_realm, SsoRealmCreationRequest(vidb_resource_id=customer.id))
    for wrong in (SsoRealmCreationRequest(vidb_resource_id=str(uuid.uuid4())), SsoRealmCreationRequest()):
        failures = refused(api, 400, api.realms.create_sso_realm, wrong).validation_failures
        equal([failure.violation_path for failure in failures], ["vidbResourceId"])
    return realm


def task_of(api, accepted):
    """Follows a task to its end."""
    equal(api.status, 202)
    deadline = time.monotonic() + 30
    while True:
        task = api.tasks.get_iam_task_details(accepted.task_id)
        equal(task.task_type, IamTaskDetails.TASK_TYPE_SSO_REALM_RESET)
        if task.task_status not in (IamTaskDetails.TASK_STATUS_QUEUED, IamTaskDetails.TASK_STATUS_IN_PROGRESS):
            return task
        assert time.monotonic() < deadline, task


def walk_realm_deletion(api):
    """A second realm: gone at once when it is empty, only by force when it holds an emergency client."""
    request = SsoRealmCreationRequest(vidb_resource_id=EMPTY_BROKER)
    realm = api.realms.create_sso_realm(request)
    equal(api.status, 201)
    equal(task_of(api, api.realms.delete_sso_realm(realm.id)).task_status, IamTaskDetails.TASK_STATUS_COMPLETED)
    refused(api, 404, api.realms.get_sso_realm, realm.id)

    realm = api.realms.create_sso_realm(request)
    made = api.emergency.create_emergency_client(
        realm.id, EmergencyClient(client_id="second", client_name="Second", access_token_ttl=60)
    )
    holder = bearer(made.access_token)
    equal([one.id for one in holder.realms.get_sso_realm_list().sso_realms], [realm.id])
    failed = task_of(api, api.realms.delete_sso_realm(realm.id, force=False))
    equal(failed.task_status, IamTaskDetails.TASK_STATUS_FAILED)
    assert failed.error_details.error_message and failed.error_details.error_code, failed
    equal(api.realms.get_sso_realm(realm.id).id, realm.id)
    equal(task_of(api, api.realms.delete_sso_realm(realm.id, force=True)).task_status, IamTaskDetails.TASK_STATUS_COMPLETED)
    refused(api, 404, api.realms.get_sso_realm, realm.id)
    refused(holder, 401, holder.realms.get_sso_realm_list)
    refused(api, 404, api.tasks.get_iam_task_details, str(uuid.uuid4()))


def walk_settings(api):
    found = api.settings.get_iam_settings()
    equal((found.access_token_ttl, found.api_token_ttl, found.api_token_retention_period), (480, 43200, 43200))
    wanted = GlobalIamSettings(
        access_token_ttl=60,
        all_users_group_enabled=False,
        api_token_retention_period=43200,
        api_token_ttl=86400,
        jit_inactive_user_enabled=True,
        jit_inactive_user_ttl=20160,
    )
    equal(api.settings.update_iam_settings(wanted).api_token_ttl, 86400)
    again = api.settings.get_iam_settings()
    equal((again.access_token_ttl, again.jit_inactive_user_enabled, again.jit_inactive_user_ttl), (60, True, 20160))
    wrong = GlobalIamSettings(access_token_ttl=1, api_token_ttl=1, all_users_group_enabled=False)
    failures = refused(api, 400, api.settings.update_iam_settings, wrong).validation_failures
    paths = {failure.violation_path for failure in failures}
    assert paths >= {"accessTokenTtl", "apiTokenTtl", "apiTokenRetentionPeriod", "jitInactiveUserEnabled"}, paths
    equal(api.settings.get_iam_settings().access_token_ttl, 60)


def walk_emergency_clients(api, realm, customer):
    """The five operations, and the token on the client that it was made with."""
    equal(api.emergency.list_emergency_clients(realm.id).emergency_clients, [])
    before = int(time.time() * 1000)
    made = api.emergency.create_emergency_client(
        realm.id,
        EmergencyClient(
            client_id="safe north+1@site:é.2",
            client_name="Safe, north site",
            client_description="In the safe",
            access_token_ttl=60,
            # What the server sets is ignored in a request.
            access_token="mine",
            access_token_status=EmergencyClient.ACCESS_TOKEN_STATUS_EXPIRED,
        ),
    )
    equal(api.status, 201)
    equal(api.headers["Cache-Control"], "no-store")
    equal(made.client_id, "safe north+1@site:é.2")
    equal(made.client_name, "Safe, north site")
    equal(made.client_description, "In the safe")
    equal(made.access_token_ttl, 60)
    equal(made.access_token_status, EmergencyClient.ACCESS_TOKEN_STATUS_ACTIVE)
    equal(made.access_token.count("."), 2)
    lifetime = 60 * MILLIS_PER_MINUTE
    assert before + lifetime - 1000 <= made.access_token_expiration_date <= int(time.time() * 1000) + lifetime, made
    equal(made.oidc_issuer_url + "/.well-known/openid-configuration", customer.oidc_configuration_url)
    assert made.token_endpoint_url.startswith(made.oidc_issuer_url), made

    found = api.emergency.get_emergency_client(realm.id, made.client_id)
    equal(api.status, 200)
    assert found.access_token is None, found
    equal(found.access_token_expiration_date, made.access_token_expiration_date)
    listed = api.emergency.list_emergency_clients(realm.id).emergency_clients
    equal([(one.client_id, one.access_token) for one in listed], [(made.client_id, None)])

    holder = bearer(made.access_token)
    equal(len(holder.emergency.list_emergency_clients(realm.id).emergency_clients), 1)
    own = holder.emergency.create_emergency_client(
        realm.id, EmergencyClient(client_id="by-token", client_name="By token", access_token_ttl=1)
    )
    equal(own.client_id, "by-token")

    renewed = api.regenerate.regenerate_emergency_client(realm.id, made.client_id)
    equal(api.status, 200)
    equal(api.headers["Cache-Control"], "no-store")
    equal((renewed.client_id, renewed.client_name, renewed.access_token_ttl), (made.client_id, made.client_name, 60))
    assert renewed.access_token != made.access_token
    assert renewed.access_token_expiration_date >= made.access_token_expiration_date
    refused(holder, 401, holder.emergency.list_emergency_clients, realm.id)
    assert 'error="invalid_token"' in holder.headers["WWW-Authenticate"], holder.headers
    heir = bearer(renewed.access_token)
    equal(len(heir.emergency.list_emergency_clients(realm.id).emergency_clients), 2)

    assert heir.emergency.delete_emergency_client(realm.id, "by-token") is None
    equal(heir.status, 202)
    refused(api, 404, api.emergency.get_emergency_client, realm.id, "by-token")
    assert api.emergency.delete_emergency_client(realm.id, made.client_id) is None
    equal(api.status, 202)
    refused(heir, 401, heir.emergency.list_emergency_clients, realm.id)
    equal(api.emergency.list_emergency_clients(realm.id).emergency_clients, [])


def walk_refusals(api, realm):
    def create(**fields):
        return api.emergency.create_emergency_client, realm.id, EmergencyClient(**fields)

    empty = refused(api, 400, *create())
    paths = sorted(failure.violation_path for failure in empty.validation_failures)
    equal(paths, ["accessTokenTtl", "clientId", "clientName"])
    assert all(failure.failure_message for failure in empty.validation_failures), empty
    wrong = refused(
        api, 400, *create(client_id=" a/b", client_name="", client_description="x" * 4001, access_token_ttl=259201)
    )
    paths = {failure.violation_path for failure in wrong.validation_failures}
    equal(paths, {"accessTokenTtl", "clientDescription", "clientId", "clientName"})
    for client_id in (".", "..", "a?b", "a#b", "a%b", "tail ", "x" * 257):
        failures = refused(api, 400, *create(client_id=client_id, client_name="n", access_token_ttl=1)).validation_failures
        equal([failure.violation_path for failure in failures], ["clientId"])

    create_call, *arguments = create(client_id="twice", client_name="Twice", access_token_ttl=1)
    create_call(*arguments)
    refused(api, 409, create_call, *arguments)
    api.emergency.delete_emergency_client(realm.id, "twice")

    for call in (
        api.emergency.get_emergency_client,
        api.emergency.delete_emergency_client,
        api.regenerate.regenerate_emergency_client,
    ):
        refused(api, 404, call, realm.id, "nobody")
        refused(api, 404, call, str(uuid.uuid4()), "nobody")
    refused(api, 404, api.emergency.list_emergency_clients, str(uuid.uuid4()))
    anonymous = Api()
    refused(anonymous, 401, anonymous.emergency.get_emergency_client, realm.id, "nobody")


def main():
    token = walk_sign_in()
    api = ops_token(token)
    customer = walk_brokers(api)
    equal(len(ops_token(token, "vRealizeOpsToken").vidbs.get_eligible_vidbs().vidbs), 2)
    realm = walk_realms(api, customer)
    walk_settings(api)
    walk_emergency_clients(api, realm, customer)
    walk_refusals(api, realm)
    walk_realm_deletion(api)
    assert api.release.release_token() is None
    equal(api.status, 200)
    refused(api, 401, api.vidbs.get_eligible_vidbs)


main()
