use proptest::prelude::*;

use super::*;

fn claims(authorization: AuthorizationClaims) -> AccessTokenClaims {
    let at = crate::timestamp::Timestamp::from_millis;
    AccessTokenClaims {
        issuer: "https://broker.example/acs/t/CUSTOMER".to_owned(),
        subject: "robot".to_owned(),
        client_id: "robot".to_owned(),
        audience: vec!["https://broker.example".to_owned()],
        issued_at: at(1_000_000),
        expires_at: at(2_000_000),
        token_id: TokenId::from_random([1; 16]),
        roles: authorization.roles,
        scope: authorization.scope,
        status: None,
        credential: None,
        actor: None,
        confirmation: None,
        derived_from: vec![TokenId::from_random([2; 16])],
        overflow: None,
        expands: None,
    }
}

fn role() -> impl Strategy<Value = RoleClaim> {
    let resources = prop::collection::vec("[a-c]{0,2}", 0..3);
    ("[a-c]{1,3}", "[a-c]{0,3}", resources).prop_map(|(name, display_name, resources)| RoleClaim {
        name,
        display_name,
        resources,
    })
}

fn authorization() -> impl Strategy<Value = AuthorizationClaims> {
    let scope = prop::option::of("[a-c ]{0,5}");
    (prop::collection::vec(role(), 0..4), scope)
        .prop_map(|(roles, scope)| AuthorizationClaims { roles, scope })
}

#[test]
fn the_claims_that_are_left_out_are_named() {
    let named = |resources: &[&str], scope: Option<&str>| {
        let role = RoleClaim {
            name: "auditor".to_owned(),
            display_name: "Auditor".to_owned(),
            resources: resources.iter().map(|&one| one.to_owned()).collect(),
        };
        let claims = AuthorizationClaims {
            roles: vec![role],
            scope: scope.map(str::to_owned),
        };
        claims.names()
    };
    assert_eq!(named(&[], None), ["roles"]);
    assert_eq!(
        named(&["i"], Some("auditor")),
        ["authorization_details", "roles", "scope"]
    );
    assert!(AuthorizationClaims::default().names().is_empty());
}

#[test]
fn thresholds_are_bounded() {
    for (bytes, is_one) in [
        (3071, false),
        (3072, true),
        (12_288, true),
        (12_289, false),
        (-1, false),
    ] {
        let draft = TokenPolicyDraft {
            token_overflow_threshold: Some(bytes),
        };
        let accepted = draft.accept(OverflowThreshold::default());
        assert_eq!(accepted.is_ok(), is_one, "{bytes}");
        assert_eq!(OverflowThreshold::new(bytes), accepted.ok());
    }
    let kept = TokenPolicyDraft::default().accept(OverflowThreshold::default());
    assert_eq!(kept.map(OverflowThreshold::get), Ok(4096));
    let least = OverflowThreshold::new(3072).unwrap();
    assert!(!least.is_passed_by(3072) && least.is_passed_by(3073));
}

#[test]
fn only_what_surely_is_too_long_is_said_to_be() {
    let threshold = OverflowThreshold::default();
    let scope = |letters: usize| AuthorizationClaims {
        roles: Vec::new(),
        scope: Some("x".repeat(letters)),
    };
    assert!(!scope(3072).surely_pass(threshold));
    assert!(scope(3075).surely_pass(threshold));
    let role = RoleClaim {
        name: "n".repeat(500),
        display_name: "d".repeat(300),
        resources: vec!["r".repeat(220)],
    };
    let roles = |count| AuthorizationClaims {
        roles: vec![role.clone(); count],
        scope: None,
    };
    assert!(!roles(3).surely_pass(threshold));
    assert!(roles(4).surely_pass(threshold));
}

proptest! {
    #[test]
    fn expansion_and_overflow_are_the_whole(authorization in authorization()) {
        let full = claims(authorization.clone());
        prop_assert_eq!(full.authorization(), authorization.clone());
        let small = full.clone().without(authorization.left_out());
        prop_assert!(small.roles.is_empty() && small.scope.is_none());
        prop_assert_eq!(small.clone().with(authorization.clone()), full.clone());
        let twin = small.expanded(authorization.clone()).unwrap();
        prop_assert_eq!(twin.authorization(), authorization.clone());
        prop_assert_eq!(twin.expands, Some(small.token_id));
        prop_assert_ne!(twin.token_id, small.token_id);
        prop_assert_eq!(small.expanded(authorization), Some(twin.clone()), "no second twin");
        prop_assert_eq!(twin.lineage(), vec![small.derived_from[0], small.token_id, twin.token_id]);
        let unlike = AccessTokenClaims { token_id: full.token_id, expands: None, ..twin };
        prop_assert_eq!(unlike, full);
    }

    #[test]
    fn no_other_claims_take_the_place_of_those_left_out(one in authorization(), other in authorization()) {
        let small = claims(one.clone()).without(one.left_out());
        prop_assert_eq!(small.expanded(other.clone()).is_some(), one == other);
        prop_assert!(claims(one.clone()).expanded(one).is_none(), "it leaves nothing out");
    }
}
