//! Commands on keys that tokens are bound to.

use std::path::PathBuf;

use clap::Subcommand;

/// Commands on keys that tokens are bound to. They work without a server: the key stays with whoever holds the token.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DpopKeyCommand {
    /// Make a key in a new file, and print its thumbprint
    ///
    /// A token that is bound to the thumbprint opens nothing for whoever has not the key (RFC 9449). Keep the file apart
    /// from the token.
    Create {
        /// The file, which must not be there yet; PEM
        file: PathBuf,
    },
    /// Print the thumbprint of a key
    Show {
        /// Its file: PEM, an unencrypted PKCS #8 key as `openssl genpkey` writes it
        file: PathBuf,
    },
}
