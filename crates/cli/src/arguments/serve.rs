//! What a server is started with.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::DataArgs;
use crate::settings::LogFormat;

/// What a server is started with. Each flag can also stand in the environment and in the configuration file.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServeArgs {
    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:8730]
    #[arg(long, value_name = "ADDR", env = "BREAKGLASS_LISTEN")]
    pub(crate) listen: Option<String>,
    /// The URL under which clients reach the server [default: the one it had before; at the first start http(s) and the
    /// address to listen on]
    ///
    /// A first start that listens on every address (0.0.0.0 or ::) has to be told it. Tokens carry it as their issuer. It is
    /// kept in the data folder, and a server that is not told another goes on with
    /// it, wherever it listens. All servers on one data folder have to be told the same one, or none. After a change the
    /// server still takes the tokens it issued before, but services that verify them by themselves look for the issuer
    /// at the old URL.
    #[arg(long, value_name = "URL", env = "BREAKGLASS_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    /// The certificate chain, PEM
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of the certificate, PEM
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Make a certificate at the first start, and keep it in the data folder
    #[arg(long, value_name = "BOOL", env = "BREAKGLASS_TLS_SELF_SIGNED", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) tls_self_signed: Option<bool>,
    /// Ask clients for a certificate, and bind the tokens that they get to it (RFC 8705)
    ///
    /// Whoever made the certificate: it proves that the client holds its key, and not who the client is. Clients without one are
    /// served as ever. Needs TLS here, not at a proxy in front.
    #[arg(long, value_name = "BOOL", env = "BREAKGLASS_TLS_CLIENT_CERTIFICATES", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) tls_client_certificates: Option<bool>,
    /// Take proofs of possession (`DPoP`) only with a nonce of this process (RFC 9449, section 8)
    ///
    /// Several servers on one data folder need it, because each remembers only the proofs that it saw itself. Without it a
    /// nonce is asked for when the clock of a client is more than a minute off.
    #[arg(long, value_name = "BOOL", env = "BREAKGLASS_REQUIRE_DPOP_NONCE", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) require_dpop_nonce: Option<bool>,
    /// Fetch the keys of trusted issuers from `http://` addresses too
    ///
    /// Whoever can change what comes over such a connection can make tokens that are believed.
    #[arg(long, value_name = "BOOL", env = "BREAKGLASS_ALLOW_PLAIN_HTTP_KEY_SETS", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) allow_plain_http_key_sets: Option<bool>,
    /// Serve without TLS on an address that others can reach, because a proxy in front speaks TLS
    #[arg(long, value_name = "BOOL", env = "BREAKGLASS_ALLOW_PLAINTEXT", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(crate) allow_plaintext: Option<bool>,
    /// The administrator's password at the first start: the first line of a file [default: a random one]
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_ADMIN_PASSWORD_FILE")]
    pub(crate) admin_password_file: Option<PathBuf>,
    /// A proxy, or a network of them (10.0.0.0/8), whose word about the client's address is taken; may be repeated
    #[arg(
        long,
        value_name = "IP",
        env = "BREAKGLASS_TRUSTED_PROXY",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxy: Vec<String>,
    /// How many connections are served at once, further ones wait [default: 10000, or what the limit of open files allows]
    #[arg(long, value_name = "N", env = "BREAKGLASS_MAX_CONNECTIONS")]
    pub(crate) max_connections: Option<u32>,
    /// How many of them one address may have, further ones are closed [default: a quarter]
    ///
    /// An IPv6 network of 64 bits counts as one address. This machine itself and trusted proxies are not counted.
    #[arg(long, value_name = "N", env = "BREAKGLASS_MAX_CONNECTIONS_PER_SOURCE")]
    pub(crate) max_connections_per_source: Option<u32>,
    /// How logs are written [default: text on a terminal, json otherwise]
    #[arg(long, value_name = "FORMAT", env = "BREAKGLASS_LOG_FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// The data.
    #[command(flatten)]
    pub(crate) data: DataArgs,
}
