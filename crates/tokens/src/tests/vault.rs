//! The vault's contract.

use breakglass_domain::SealedBytes;
use breakglass_ports::{CryptoError, KeyVault};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::{MasterKey, SystemEntropy, Vault};

const PURPOSE: &str = "audit-key";

fn vault() -> Vault {
    Vault::new(MasterKey::new([3; 32]))
}

#[test]
fn another_master_key_opens_nothing() {
    let sealed = vault().seal(PURPOSE, b"secret").unwrap();
    let other = Vault::new(MasterKey::new([4; 32]));
    assert_eq!(other.unseal(PURPOSE, &sealed), Err(CryptoError::NotOpened));
}

#[test]
fn sealed_bytes_that_are_cut_do_not_open() {
    let sealed = vault().seal(PURPOSE, b"secret").unwrap();
    for length in 0..sealed.as_bytes().len() {
        let cut = SealedBytes::new(sealed.as_bytes()[..length].to_vec());
        assert_eq!(vault().unseal(PURPOSE, &cut), Err(CryptoError::NotOpened));
    }
}

#[test]
fn the_layout_is_version_nonce_ciphertext_tag() {
    let sealed = vault().seal(PURPOSE, b"secret").unwrap();
    assert_eq!(sealed.as_bytes()[0], 1);
    assert_eq!(sealed.as_bytes().len(), 1 + 12 + b"secret".len() + 16);
}

#[test]
fn the_vault_is_not_printed() {
    assert_eq!(format!("{:?}", vault()), "Vault(..)");
}

proptest! {
    #[test]
    fn what_was_sealed_opens(purpose in "\\PC{0,40}", bytes: Vec<u8>) {
        let sealed = vault().seal(&purpose, &bytes).unwrap();
        let opened = vault().unseal(&purpose, &sealed).unwrap();
        prop_assert_eq!(&*opened, &bytes);
    }

    #[test]
    fn another_purpose_does_not_open(purpose in "\\PC{0,40}", other in "\\PC{0,40}", bytes: Vec<u8>) {
        prop_assume!(purpose != other);
        let sealed = vault().seal(&purpose, &bytes).unwrap();
        prop_assert_eq!(vault().unseal(&other, &sealed), Err(CryptoError::NotOpened));
    }

    #[test]
    fn any_changed_byte_does_not_open(
        bytes: Vec<u8>,
        place in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let mut sealed = vault().seal(PURPOSE, &bytes).unwrap().as_bytes().to_vec();
        let place = place.index(sealed.len());
        sealed[place] ^= change;
        prop_assert_eq!(
            vault().unseal(PURPOSE, &SealedBytes::new(sealed)),
            Err(CryptoError::NotOpened)
        );
    }

    #[test]
    fn sealing_twice_differs(bytes: Vec<u8>) {
        let vault = vault();
        prop_assert_ne!(vault.seal(PURPOSE, &bytes).unwrap(), vault.seal(PURPOSE, &bytes).unwrap());
    }
}

#[test]
fn a_vault_on_a_file_follows_a_replacement_while_it_runs() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    let key = MasterKey::create(&path, &SystemEntropy).unwrap();
    let running = Vault::on_file(path.clone(), key);
    let old = running.seal(PURPOSE, b"old").unwrap();

    let begun = MasterKey::begin_replacement(&path, &SystemEntropy).unwrap();
    let other = Vault::new(begun);
    assert_eq!(*other.unseal(PURPOSE, &old).unwrap(), b"old");
    let new = other.seal(PURPOSE, b"new").unwrap();
    assert_eq!(*running.unseal(PURPOSE, &new).unwrap(), b"new");

    let between = running.seal(PURPOSE, b"between").unwrap();
    MasterKey::end_replacement(&path, &SystemEntropy).unwrap();
    let after = Vault::new(MasterKey::load(&path).unwrap());
    assert_eq!(*after.unseal(PURPOSE, &new).unwrap(), b"new");
    assert_eq!(*after.unseal(PURPOSE, &between).unwrap(), b"between");
    assert_eq!(after.unseal(PURPOSE, &old), Err(CryptoError::NotOpened));
}

#[test]
fn a_file_that_is_gone_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    let key = MasterKey::create(&path, &SystemEntropy).unwrap();
    let vault = Vault::on_file(path.clone(), key);
    std::fs::remove_file(&path).unwrap();
    let sealed = vault.seal(PURPOSE, b"secret").unwrap();
    assert_eq!(*vault.unseal(PURPOSE, &sealed).unwrap(), b"secret");
}
