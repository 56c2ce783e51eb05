"""Walks roles, role assignments and API clients with the vendor's published client, unmodified.

usage: machine_clients.py URL   (the password is BREAKGLASS_PASSWORD)
"""

import os
import time
import uuid

from vcf.operations.model_client import (
    ApiClient,
    ClientTokenFilters,
    ClientTokenQuery,
    ClientTokenSearchGroupings,
    ClientTokenSearchTerm,
    EmergencyClient,
    Link,
    RoleAssignmentResource,
    RoleScope,
    UsernamePassword,
    VcfComponentRole,
    VcfRole,
    VcfRoleAssignment,
    VcfRoleAssignments,
)

from vendor import Api, bearer, equal, ops_token, refused

PASSWORD = os.environ["BREAKGLASS_PASSWORD"]
BUILT_IN = ["sddc_administrator", "sddc_viewer", "vcf_administrator", "vcf_viewer"]


def paths_of(error):
    return sorted(failure.violation_path for failure in error.validation_failures)


def role(name, **fields):
    components = [VcfComponentRole(component_type=VcfComponentRole.COMPONENT_TYPE_VCENTER, roles=["ReadOnly"])]
    return VcfRole(**{"role_name": name, "component_roles": components} | fields)


def over_the_realm(name, **fields):
    scope = RoleScope(scope_type=RoleScope.SCOPE_TYPE_SSO_REALM, resources=[])
    return VcfRoleAssignment(role_name=name, role_scope=scope, **fields)


def walk_roles(api):
    """The five operations on roles."""
    page = api.roles.get_vcf_roles_paginated(page=0, page_size=3)
    equal([one.role_name for one in page.vcf_roles], BUILT_IN[:3])
    equal((page.page_info.page, page.page_info.page_size, page.page_info.total_count), (0, 3, 4))
    following = next(link for link in page.links if link.rel == Link.REL_NEXT)
    assert following.href.endswith("/iam/roles?page=1&pageSize=3"), following
    rest = api.roles.get_vcf_roles_paginated(page=1, page_size=3)
    equal([one.role_name for one in rest.vcf_roles], BUILT_IN[3:])
    assert Link.REL_NEXT not in [link.rel for link in rest.links], rest

    before = int(time.time())
    made = api.roles.create_role(
        role("audit_reader", role_display_name="Audit reader – 監", role_description="Reads", type=VcfRole.TYPE_BUILT_IN)
    )
    equal(api.status, 201)
    equal((made.role_name, made.role_display_name, made.role_description), ("audit_reader", "Audit reader – 監", "Reads"))
    equal((made.type, made.created_by, made.updated_by), (VcfRole.TYPE_CUSTOM, "account:admin", "account:admin"))
    assert before <= made.created_at <= int(time.time()), made
    equal([(one.component_type, one.roles) for one in made.component_roles], [("VCENTER", ["ReadOnly"])])
    equal(api.roles.get_role("audit_reader").role_display_name, made.role_display_name)

    hcx = VcfComponentRole(component_type=VcfComponentRole.COMPONENT_TYPE_HCX, roles=["Admin"])
    changed = api.roles.update_role_definition(role("audit_reader", role_display_name="Other", component_roles=[hcx]))
    equal(api.status, 200)
    equal((changed.role_display_name, changed.created_at), ("Other", made.created_at))
    equal([one.component_type for one in changed.component_roles], ["HCX"])

    custom = api.roles.get_vcf_roles_paginated(type=VcfRole.TYPE_CUSTOM, page=0, page_size=50)
    equal([one.role_name for one in custom.vcf_roles], ["audit_reader"])
    downwards = api.roles.get_vcf_roles_paginated(
        type=VcfRole.TYPE_BUILT_IN, page=0, page_size=50, sort_by="ROLE_NAME", sort_order="DESCENDING"
    )
    equal([one.role_name for one in downwards.vcf_roles], BUILT_IN[::-1])

    refused(api, 409, api.roles.create_role, role("audit_reader"))
    refused(api, 409, api.roles.create_role, role("vcf_viewer"))
    refused(api, 409, api.roles.update_role_definition, role("vcf_viewer"))
    refused(api, 409, api.roles.delete_role, "vcf_administrator")
    for call in (api.roles.get_role, api.roles.delete_role):
        refused(api, 404, call, "nothing")
    refused(api, 404, api.roles.update_role_definition, role("nothing"))
    equal(paths_of(refused(api, 400, api.roles.create_role, VcfRole())), ["componentRoles", "roleName"])
    equal(paths_of(refused(api, 400, api.roles.create_role, role("a b"))), ["roleName"])
    unknown = VcfComponentRole(component_type=VcfComponentRole.COMPONENT_TYPE_UNKNOWN, roles=["x"])
    faulty = refused(api, 400, api.roles.create_role, role("x", component_roles=[unknown]))
    equal(paths_of(faulty), ["componentRoles[0].componentType"])
    faulty = refused(api, 400, api.roles.get_vcf_roles_paginated, type=VcfRole.TYPE_UNKNOWN, page=-1, page_size=0)
    equal(paths_of(faulty), ["page", "pageSize", "type"])


def walk_api_clients(api, realm):
    """The five operations on API clients, but for the search."""
    made = api.api_clients.create_api_client(realm, ApiClient(client_id="ci", client_name="CI – 建", client_description="Builds"))
    equal(api.status, 201)
    uuid.UUID(made.client_uuid)
    equal((made.client_id, made.client_name, made.client_description, made.roles), ("ci", "CI – 建", "Builds", []))
    equal(api.api_clients.get_api_client(realm, "ci").client_uuid, made.client_uuid)

    change = ApiClient(client_uuid=made.client_uuid, client_name="Builds", client_description="New")
    assert api.api_clients.update_api_client(realm, change) is None
    equal(api.status, 204)
    api.api_clients.update_api_client(realm, ApiClient(client_id="ci", client_name="Nightly"))
    found = api.api_clients.get_api_client(realm, "ci")
    equal((found.client_name, found.client_description, found.client_uuid), ("Nightly", "New", made.client_uuid))

    refused(api, 409, api.api_clients.create_api_client, realm, ApiClient(client_id="ci", client_name="x"))
    equal(paths_of(refused(api, 400, api.api_clients.create_api_client, realm, ApiClient())), ["clientId", "clientName"])
    for client_id in ("", ".", "a b", "a/b", "ü", "x" * 257):
        faulty = refused(api, 400, api.api_clients.create_api_client, realm, ApiClient(client_id=client_id, client_name="x"))
        equal(paths_of(faulty), ["clientId"])
    equal(paths_of(refused(api, 400, api.api_clients.update_api_client, realm, ApiClient(client_name="x"))), ["clientUuid"])
    refused(api, 404, api.api_clients.update_api_client, realm, ApiClient(client_uuid=str(uuid.uuid4()), client_name="x"))
    for call in (api.api_clients.get_api_client, api.api_clients.delete_api_client):
        refused(api, 404, call, realm, "nobody")
        refused(api, 404, call, str(uuid.uuid4()), "ci")

    # A client may be called as a word of the path is.
    api.api_clients.create_api_client(realm, ApiClient(client_id="query", client_name="Query"))
    equal(api.api_clients.get_api_client(realm, "query").client_name, "Query")
    assert api.api_clients.delete_api_client(realm, "query") is None
    equal(api.status, 204)
    refused(api, 404, api.api_clients.get_api_client, realm, "query")
    return made.client_uuid


def walk_assignments(api, realm, principal):
    """The three operations on the roles of a principal."""

    def give(*assignments):
        return VcfRoleAssignments(vcf_role_assignments=list(assignments))

    def held():
        return api.assignments.get_role_assignment(realm, principal).vcf_role_assignments

    equal(held(), [])
    end = int(time.time() * 1000) + 3_600_000
    instances = RoleScope(
        scope_type=RoleScope.SCOPE_TYPE_VCF_INSTANCE, resources=[RoleAssignmentResource(id="vcf-1", name="First")]
    )
    limited = VcfRoleAssignment(role_name="sddc_viewer", role_scope=instances, expires_at=end)
    wanted = give(limited, over_the_realm("audit_reader"))
    assert api.assignments.update_role_assignment(realm, principal, wanted) is None
    equal(api.status, 200)
    first, second = held()
    equal((first.role_name, first.role_display_name, first.expires_at), ("sddc_viewer", "SDDC Viewer", end))
    equal([(one.id, one.name) for one in first.role_scope.resources], [("vcf-1", "First")])
    equal((second.role_name, second.role_display_name, second.expires_at), ("audit_reader", "Other", None))
    equal(second.role_scope.scope_type, RoleScope.SCOPE_TYPE_SSO_REALM)
    equal([one.role_name for one in api.api_clients.get_api_client(realm, "ci").roles], ["sddc_viewer", "audit_reader"])
    refused(api, 409, api.roles.delete_role, "audit_reader")

    def faulty(*assignments):
        return paths_of(refused(api, 400, api.assignments.update_role_assignment, realm, principal, give(*assignments)))

    equal(faulty(over_the_realm("nothing")), ["vcfRoleAssignments[0].roleName"])
    equal(faulty(over_the_realm("vcf_viewer", expires_at=1)), ["vcfRoleAssignments[0].expiresAt"])
    unknown = VcfRoleAssignment(role_name="vcf_viewer", role_scope=RoleScope(scope_type=RoleScope.SCOPE_TYPE_UNKNOWN))
    equal(faulty(over_the_realm("vcf_viewer"), unknown), ["vcfRoleAssignments[1].roleScope.scopeType"])
    nowhere = VcfRoleAssignment(role_name="vcf_viewer", role_scope=RoleScope(scope_type=RoleScope.SCOPE_TYPE_VCF_INSTANCE))
    equal(faulty(nowhere), ["vcfRoleAssignments[0].roleScope.resources"])
    equal(len(held()), 2)

    api.assignments.update_role_assignment(realm, principal, give(over_the_realm("vcf_viewer")))
    equal([one.role_name for one in held()], ["vcf_viewer"])
    api.roles.delete_role("audit_reader")
    equal(api.status, 204)
    refused(api, 404, api.roles.get_role, "audit_reader")
    for call in (api.assignments.get_role_assignment, api.assignments.delete_role_assignments):
        refused(api, 404, call, realm, str(uuid.uuid4()))
        refused(api, 404, call, str(uuid.uuid4()), principal)
    return held


def walk_search(api, realm):
    """The search language, and pages of what is found. `ci` is there, and is a viewer."""
    for number in range(5):
        api.api_clients.create_api_client(realm, ApiClient(client_id=f"deploy_{number}", client_name=f"Deploy {number}"))
    Term = ClientTokenSearchTerm

    def found(all_of=None, any_of=None, **page):
        query = ClientTokenQuery(search_terms=ClientTokenSearchGroupings(all_of=all_of, any_of=any_of))
        return [one.client_id for one in api.search.query_api_clients(realm, query, **page).api_clients]

    like = Term(field=Term.FIELD_CLIENT_ID, operator=Term.OPERATOR_LIKE, terms=["PLOY_"])
    last = Term(field=Term.FIELD_CLIENT_NAME, operator=Term.OPERATOR_EQUALS, terms=["Deploy 3", "Deploy 4"])
    viewer = Term(field=Term.FIELD_ROLES, operator=Term.OPERATOR_EQUALS, terms=["vcf_viewer"])
    deploys = [f"deploy_{number}" for number in range(5)]
    equal(found(), ["ci", *deploys])
    equal(found(all_of=[like]), deploys)
    equal(found(all_of=[like, last]), deploys[3:])
    equal(found(any_of=[last, viewer]), ["ci", *deploys[3:]])
    equal(found(all_of=[like], any_of=[viewer]), [])
    equal(found(all_of=[Term(field=Term.FIELD_ROLE_DISPLAY_NAME, operator=Term.OPERATOR_NOT_EMPTY)]), ["ci"])
    equal(found(all_of=[Term(field=Term.FIELD_ROLE_NAME, operator=Term.OPERATOR_EMPTY)], page=1, page_size=2), deploys[2:4])
    page = api.search.query_api_clients(realm, ClientTokenQuery(), page=1, page_size=2)
    equal((page.page_info.page, page.page_info.page_size, page.page_info.total_count), (1, 2, 6))

    def faulty(query, **page):
        return paths_of(refused(api, 400, api.search.query_api_clients, realm, query, **page))

    def searching(term):
        return ClientTokenQuery(search_terms=ClientTokenSearchGroupings(any_of=[term]))

    of_tokens = Term(field=Term.FIELD_TOKEN_NAME, operator=Term.OPERATOR_LIKE, terms=["x"])
    equal(faulty(searching(of_tokens)), ["searchTerms.anyOf[0].field"])
    unknown = Term(field=Term.FIELD_UNKNOWN, operator=Term.OPERATOR_UNKNOWN, terms=["x"])
    equal(faulty(searching(unknown)), ["searchTerms.anyOf[0].field", "searchTerms.anyOf[0].operator"])
    wordless = Term(field=Term.FIELD_CLIENT_ID, operator=Term.OPERATOR_EQUALS)
    equal(faulty(searching(wordless)), ["searchTerms.anyOf[0].terms"])
    filtered = ClientTokenQuery(filters=ClientTokenFilters(token_status={ClientTokenFilters.TOKEN_STATUS_ACTIVE}))
    equal(faulty(filtered), ["filters.tokenStatus"])
    equal(faulty(ClientTokenQuery(), page=-1, page_size=1001), ["page", "pageSize"])
    refused(api, 404, api.search.query_api_clients, str(uuid.uuid4()), ClientTokenQuery())


def walk_ends(api, realm, principal, held):
    """What is taken away, and who may not."""
    assert api.assignments.delete_role_assignments(realm, principal) is None
    equal(api.status, 204)
    equal(held(), [])
    anonymous = Api()
    for call, *arguments in (
        (anonymous.roles.get_role, "vcf_viewer"),
        (anonymous.api_clients.get_api_client, realm, "ci"),
        (anonymous.assignments.get_role_assignment, realm, principal),
        (anonymous.search.query_api_clients, realm, ClientTokenQuery()),
    ):
        refused(anonymous, 401, call, *arguments)

    made = api.emergency.create_emergency_client(realm, EmergencyClient(client_id="e", client_name="E", access_token_ttl=5))
    holder = bearer(made.access_token)
    equal(holder.api_clients.get_api_client(realm, "ci").client_uuid, principal)
    assert holder.api_clients.delete_api_client(realm, "ci") is None
    equal(holder.status, 204)
    refused(api, 404, api.api_clients.get_api_client, realm, "ci")
    refused(api, 404, api.assignments.get_role_assignment, realm, principal)


def main():
    anonymous = Api()
    session = anonymous.acquire.acquire_token(UsernamePassword(username="admin", password=PASSWORD))
    api = ops_token(session.token)
    realm = api.realms.get_sso_realm_list().sso_realms[0].id
    walk_roles(api)
    principal = walk_api_clients(api, realm)
    held = walk_assignments(api, realm, principal)
    walk_search(api, realm)
    walk_ends(api, realm, principal, held)


main()
