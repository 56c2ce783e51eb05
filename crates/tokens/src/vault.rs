//! Secrets encrypted under the master key.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use breakglass_domain::SealedBytes;
use breakglass_ports::{CryptoError, KeyVault};
use zeroize::Zeroizing;

use crate::master_key::MasterKey;

/// The first byte of everything sealed: which layout and cipher follow.
const VERSION: u8 = 1;

/// What stands before the purpose in the authenticated data, so that nothing else sealed under the same key opens here.
const CONTEXT: &[u8] = b"breakglass-vault-1\0";

/// Seals secrets under the master key with AES-256-GCM (NIST SP 800-38D).
///
/// Sealed bytes are a version byte, a random nonce of 96 bits, the ciphertext and a tag of 128 bits; the purpose is
/// authenticated with them. Random nonces are safe for 2^32 sealings under one key (section 8.3), which a store of keys
/// never nears.
///
/// A vault on a file reads it again before it seals, and when something does not open: the master key can be replaced while
/// servers run. A file that cannot be read at that moment changes nothing.
pub struct Vault {
    master_key: RwLock<Arc<MasterKey>>,
    file: Option<PathBuf>,
}

impl Vault {
    /// A vault under this master key.
    pub fn new(master_key: MasterKey) -> Self {
        Self {
            master_key: RwLock::new(Arc::new(master_key)),
            file: None,
        }
    }

    /// A vault under the master key of this file, which was read before.
    pub fn on_file(path: PathBuf, master_key: MasterKey) -> Self {
        Self {
            file: Some(path),
            ..Self::new(master_key)
        }
    }

    fn master_key(&self) -> Arc<MasterKey> {
        Arc::clone(
            &self
                .master_key
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// The master key as its file has it now.
    fn read_again(&self) -> Arc<MasterKey> {
        if let Some(path) = &self.file
            && let Ok(key) = MasterKey::load(path)
        {
            let mut present = self
                .master_key
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            *present = Arc::new(key);
        }
        self.master_key()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl KeyVault for Vault {
    fn seal(&self, purpose: &str, bytes: &[u8]) -> Result<SealedBytes, CryptoError> {
        let mut content = Zeroizing::new(bytes.to_vec());
        let (nonce, tag) = cipher(self.read_again().expose())?
            .seal_in_place_separate_tag(associated_data(purpose), &mut content)
            .map_err(|_| CryptoError::Failed)?;
        let nonce: &[u8; NONCE_LEN] = nonce.as_ref();
        Ok(SealedBytes::new(
            [&[VERSION], nonce.as_slice(), &content, tag.as_ref()].concat(),
        ))
    }

    fn unseal(
        &self,
        purpose: &str,
        sealed: &SealedBytes,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        opened(&self.master_key(), purpose, sealed)
            .or_else(|_| opened(&self.read_again(), purpose, sealed))
    }
}

/// What the present key opens, or the one before it.
fn opened(
    key: &MasterKey,
    purpose: &str,
    sealed: &SealedBytes,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    key.opening()
        .find_map(|bytes| open(bytes, purpose, sealed).ok())
        .ok_or(CryptoError::NotOpened)
}

fn open(
    key: &[u8],
    purpose: &str,
    sealed: &SealedBytes,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (nonce, content) = sealed
        .as_bytes()
        .strip_prefix(&[VERSION])
        .and_then(|rest| rest.split_first_chunk::<NONCE_LEN>())
        .ok_or(CryptoError::NotOpened)?;
    let mut content = Zeroizing::new(content.to_vec());
    let length = cipher(key)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            associated_data(purpose),
            &mut content,
        )
        .map_err(|_| CryptoError::NotOpened)?
        .len();
    content.truncate(length);
    Ok(content)
}

fn cipher(key: &[u8]) -> Result<RandomizedNonceKey, CryptoError> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| CryptoError::Failed)
}

fn associated_data(purpose: &str) -> Aad<Vec<u8>> {
    Aad::from([CONTEXT, purpose.as_bytes()].concat())
}
