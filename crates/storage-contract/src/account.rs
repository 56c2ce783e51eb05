//! Local accounts.

use breakglass_domain::{PasswordHash, Privilege};
use breakglass_ports::StoreError;

use crate::samples::{account, at};
use crate::{Harness, begin, keep, read};

pub async fn find_account_gives_none_for_an_unknown_name<H: Harness>() {
    let harness = H::fresh().await;
    let found = read(&harness)
        .await
        .find_account(&"admin".parse().unwrap())
        .await;
    assert_eq!(found, Ok(None));
}

pub async fn find_account_compares_names_exactly<H: Harness>() {
    let harness = H::fresh().await;
    // The same letter twice: composed, and as a letter with a combining mark.
    let names = ["Admin", "admin", "\u{e9}", "e\u{301}"];
    let mut unit = begin(&harness).await;
    for name in names {
        unit.insert_account(&account(name)).await.unwrap();
    }
    keep(unit).await;
    let mut view = read(&harness).await;
    for name in names {
        let found = view.find_account(&name.parse().unwrap()).await;
        assert_eq!(found, Ok(Some(account(name))));
    }
    let found = view.find_account(&"ADMIN".parse().unwrap()).await;
    assert_eq!(found, Ok(None));
}

pub async fn insert_account_refuses_a_taken_name<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    unit.insert_account(&account("admin")).await.unwrap();
    keep(unit).await;
    let mut unit = begin(&harness).await;
    let refused = unit.insert_account(&account("admin")).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn update_account_keeps_every_field<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    unit.insert_account(&account("admin")).await.unwrap();
    unit.insert_account(&account("other")).await.unwrap();
    keep(unit).await;

    let mut changed = account("admin");
    changed.password_hash = PasswordHash::new("$argon2id$other");
    changed.privileges = vec![Privilege::View];
    changed.created_at = at(30);
    changed.password_set_at = at(31);
    let mut unit = begin(&harness).await;
    unit.update_account(&changed).await.unwrap();
    keep(unit).await;

    let mut view = read(&harness).await;
    let found = view.find_account(&changed.username).await;
    assert_eq!(found, Ok(Some(changed)));
    let other = view.find_account(&"other".parse().unwrap()).await;
    assert_eq!(other, Ok(Some(account("other"))));
}

pub async fn update_account_needs_an_account<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    let refused = unit.update_account(&account("admin")).await;
    assert_eq!(refused, Err(StoreError::Missing));
}

pub async fn list_accounts_gives_every_account_by_name<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    for name in ["zoe", "admin"] {
        unit.insert_account(&account(name)).await.unwrap();
    }
    keep(unit).await;
    let found = read(&harness).await.list_accounts().await;
    assert_eq!(found, Ok(vec![account("admin"), account("zoe")]));
}
