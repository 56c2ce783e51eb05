//! How a client proves who it is: by `client_secret_basic` or `client_secret_post` (RFC 6749, section 2.3.1), or by
//! `private_key_jwt` (RFC 7523, section 2.2).

use breakglass_api_types::Operation;
use breakglass_app::{Caller, ClientCredentials};
use breakglass_domain::Secret;

use crate::call::Call;
use crate::credentials::ClientHeader;
use crate::failure::Failure;
use crate::form::Form;

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest `client_id`, in characters.
const MAX_ID: usize = 256;

/// The longest `client_secret`, in characters.
const MAX_SECRET: usize = 4096;

/// What a request to the token endpoint shows of its client. A `client_id` alone proves nothing and is passed over.
///
/// # Errors
/// When it shows two things at once, or something that is longer than it may be.
pub(super) fn shown(
    header: &ClientHeader,
    form: &Form,
) -> Result<Option<ClientCredentials>, Failure> {
    let id = within(form, "client_id", MAX_ID)?;
    let secret = within(form, "client_secret", MAX_SECRET)?;
    if let Some(assertion) = assertion(form)? {
        let alone = matches!(header, ClientHeader::Absent | ClientHeader::Other);
        if secret.is_some() || !alone {
            let rule = "must not stand beside other credentials";
            return Err(Failure::of_field("client_assertion", rule));
        }
        return Ok(Some(ClientCredentials::Assertion(assertion)));
    }
    match (header, id, secret) {
        (ClientHeader::Absent, Some(id), Some(secret)) => Ok(Some(ClientCredentials::Secret {
            client_id: id.expose().to_owned(),
            secret: secret.clone(),
        })),
        (ClientHeader::Absent, None, Some(_)) => Err(Failure::of_field("client_id", "is required")),
        // What else an `Authorization` may be is not of a client.
        (ClientHeader::Absent | ClientHeader::Other, _, None) => Ok(None),
        (_, _, Some(_)) => {
            let rule = "must not stand beside an Authorization header";
            Err(Failure::of_field("client_secret", rule))
        }
        (ClientHeader::Basic { client_id, .. }, Some(id), None) if id.expose() != client_id => {
            let rule = "must be that of the Authorization header";
            Err(Failure::of_field("client_id", rule))
        }
        (ClientHeader::Basic { client_id, secret }, _, None) => {
            Ok(Some(ClientCredentials::Secret {
                client_id: client_id.clone(),
                secret: secret.clone(),
            }))
        }
    }
}

/// Who asks about a token or kills one: who the pipeline knows, or else the client of the form.
///
/// # Errors
/// When nobody proves who they are.
pub(super) async fn caller(
    call: &Call,
    form: &Form,
    operation: Operation,
) -> Result<Caller, Failure> {
    if let Some(caller) = &call.caller {
        return Ok(caller.clone());
    }
    let (app, name, origin) = (call.app(), operation.spec().name, &call.origin);
    let Some(client) = shown(&ClientHeader::Absent, form)? else {
        return Ok(app.authenticate(None, origin.clone(), name).await?);
    };
    let tenant = call.parameter("tenant");
    Ok(app
        .authenticate_client(tenant, &client, origin, name)
        .await?)
}

/// The assertion of a form, when it says by its type that it is one.
fn assertion(form: &Form) -> Result<Option<Secret>, Failure> {
    let kind = form.optional("client_assertion_type").map(Secret::expose);
    match (form.optional("client_assertion"), kind) {
        (None, None) => Ok(None),
        (Some(assertion), Some(ASSERTION_TYPE)) => Ok(Some(assertion.clone())),
        (None, Some(_)) => form.required("client_assertion").map(|_| None),
        (Some(_), _) => {
            let rule = format!("must be {ASSERTION_TYPE}");
            Err(Failure::of_field("client_assertion_type", &rule))
        }
    }
}

fn within<'a>(form: &'a Form, name: &str, most: usize) -> Result<Option<&'a Secret>, Failure> {
    let value = form.optional(name);
    if value.is_some_and(|value| value.expose().chars().count() > most) {
        let rule = format!("must have at most {most} characters");
        return Err(Failure::of_field(name, &rule));
    }
    Ok(value)
}
