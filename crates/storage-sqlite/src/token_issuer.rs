//! Issuers that realms trust.

use async_trait::async_trait;
use breakglass_domain::{CertificateChain, IssuerAlias, RealmId, Timestamp, TokenIssuer};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadTokenIssuers, WriteTokenIssuers};

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::view::{Loan, View, found};

struct TokenIssuerRow {
    realm_id: Vec<u8>,
    alias: String,
    issuer: String,
    jwks_uri: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<TokenIssuerRow> for TokenIssuer {
    type Error = StoreError;

    fn try_from(row: TokenIssuerRow) -> Result<Self, StoreError> {
        let place = Place::new("token_issuers", Key::Text(&row.alias));
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            alias: place.parse("alias", &row.alias)?,
            chains: Vec::new(),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            issuer: row.issuer,
            jwks_uri: row.jwks_uri,
        })
    }
}

#[async_trait]
impl<C: Loan> ReadTokenIssuers for View<C> {
    async fn list_token_issuers(
        &mut self,
        realm_id: RealmId,
    ) -> Result<Vec<TokenIssuer>, StoreError> {
        let id = realm_id.as_bytes().as_slice();
        let rows = sqlx::query_as!(
            TokenIssuerRow,
            "SELECT realm_id, alias, issuer, jwks_uri, created_at, updated_at FROM token_issuers
             WHERE realm_id = ? ORDER BY alias",
            id,
        )
        .fetch_all(self.connection().await?)
        .await;
        let rows = self.settle(rows)?.into_iter();
        let mut issuers = rows
            .map(TokenIssuer::try_from)
            .collect::<Result<Vec<_>, _>>()?;
        let certificates = sqlx::query!(
            "SELECT alias, place, der FROM issuer_certificates WHERE realm_id = ?
             ORDER BY alias, chain, place",
            id,
        )
        .fetch_all(self.connection().await?)
        .await;
        for certificate in self.settle(certificates)? {
            let known = issuers
                .iter_mut()
                .find(|issuer| issuer.alias.as_str() == certificate.alias);
            let Some(issuer) = known else { continue };
            match issuer.chains.last_mut() {
                Some(chain) if certificate.place > 0 => chain.0.push(certificate.der),
                _ => issuer.chains.push(CertificateChain(vec![certificate.der])),
            }
        }
        Ok(issuers)
    }
}

#[async_trait]
impl WriteTokenIssuers for View<Lease> {
    async fn insert_token_issuer(&mut self, issuer: &TokenIssuer) -> Result<(), StoreError> {
        let realm_id = issuer.realm_id.as_bytes().as_slice();
        let alias = issuer.alias.as_str();
        let created_at = issuer.created_at.millis();
        let updated_at = issuer.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO token_issuers (realm_id, alias, issuer, jwks_uri, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?)",
            realm_id,
            alias,
            issuer.issuer,
            issuer.jwks_uri,
            created_at,
            updated_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done)?;
        self.insert_certificates(issuer).await
    }

    async fn update_token_issuer(&mut self, issuer: &TokenIssuer) -> Result<(), StoreError> {
        let realm_id = issuer.realm_id.as_bytes().as_slice();
        let alias = issuer.alias.as_str();
        let updated_at = issuer.updated_at.millis();
        let done = sqlx::query!(
            "UPDATE token_issuers SET issuer = ?, jwks_uri = ?, updated_at = ?
             WHERE realm_id = ? AND alias = ?",
            issuer.issuer,
            issuer.jwks_uri,
            updated_at,
            realm_id,
            alias,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())?;
        let done = sqlx::query!(
            "DELETE FROM issuer_certificates WHERE realm_id = ? AND alias = ?",
            realm_id,
            alias,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done)?;
        self.insert_certificates(issuer).await
    }

    async fn delete_token_issuer(
        &mut self,
        realm_id: RealmId,
        alias: &IssuerAlias,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let alias = alias.as_str();
        let done = sqlx::query!(
            "DELETE FROM token_issuers WHERE realm_id = ? AND alias = ?",
            realm_id,
            alias,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }
}

impl View<Lease> {
    async fn insert_certificates(&mut self, issuer: &TokenIssuer) -> Result<(), StoreError> {
        let realm_id = issuer.realm_id.as_bytes().as_slice();
        let alias = issuer.alias.as_str();
        for (number, chain) in (0_i64..).zip(&issuer.chains) {
            for (place, der) in (0_i64..).zip(&chain.0) {
                let done = sqlx::query!(
                    "INSERT INTO issuer_certificates (realm_id, alias, chain, place, der)
                     VALUES (?, ?, ?, ?, ?)",
                    realm_id,
                    alias,
                    number,
                    place,
                    der,
                )
                .execute(self.changing().await?)
                .await;
                self.settle(done)?;
            }
        }
        Ok(())
    }
}
