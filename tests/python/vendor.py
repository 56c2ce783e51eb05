"""The vendor's published client of the fleet IAM surface, unmodified, and what its walks share.

A walk is called with the URL of the server first.
"""

import sys

import requests
from vcf.operations.model_client import Error
from vcf.operations_client import StubFactory
from vmware.vapi.bindings.converter import RestConverter, TypeConverter
from vmware.vapi.bindings.error import VapiError
from vmware.vapi.bindings.stub import ApiClient, StubConfiguration
from vmware.vapi.lib.connect import get_requests_connector
from vmware.vapi.security.client.security_context_filter import LegacySecurityContextFilter
from vmware.vapi.security.http_authorization import create_http_authorization_security_context
from vmware.vapi.security.oauth import create_oauth_security_context

URL = sys.argv[1]


class Api:
    """The client with one way to authenticate, as the vendor's own samples build it."""

    def __init__(self, security_context=None):
        filters = [LegacySecurityContextFilter(security_context=security_context)]
        connector = get_requests_connector(
            session=requests.session(), msg_protocol="rest", url=URL + "/suite-api", timeout=30, provider_filter_chain=filters
        )
        self.config = StubConfiguration(connector, response_extractor=True)
        api = ApiClient(StubFactory(self.config)).api
        self.acquire = api.auth.token.Acquire
        self.release = api.auth.token.Release
        iam = api.fleet_management.iam
        self.vidbs = iam.Vidbs
        self.realms = iam.Ssorealms
        self.tasks = iam.Tasks
        self.settings = iam.Settings
        self.roles = iam.Roles
        self.api_clients = iam.ssorealms.ApiClients
        self.search = iam.ssorealms.api_clients.Query
        self.assignments = iam.ssorealms.principals.Roles
        self.emergency = iam.ssorealms.EmergencyClients
        self.regenerate = iam.ssorealms.emergency_clients.Regenerate

    @property
    def status(self):
        """The status code of the last answer."""
        return self.config.response_extractor.get_http_status()

    @property
    def headers(self):
        """The headers of the last answer."""
        return self.config.response_extractor.get_http_headers()


def ops_token(token, word="OpsToken"):
    return Api(create_http_authorization_security_context(token, word))


def bearer(token):
    return Api(create_oauth_security_context(token))


def equal(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


def refused(api, status, call, *arguments, **named):
    """Calls what must be refused, and gives the error as the client's own type."""
    try:
        call(*arguments, **named)
    except VapiError as raised:
        equal(api.status, status)
        error = TypeConverter.convert_to_python(
            raised.get_error_value(), Error.get_binding_type(), rest_converter_mode=RestConverter.SWAGGER_REST
        )
        assert isinstance(error, Error), type(error)
        equal(error.http_status_code, status)
        equal(error.type, "Error")
        assert error.message and isinstance(error.api_error_code, int), error
        return error
    raise AssertionError(f"accepted, with {api.status}, what must be refused with {status}")
