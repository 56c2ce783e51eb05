use proptest::prelude::*;

use super::*;
use crate::foreign_token::SKEW_MILLIS;

const US: &str = "https://us.example";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn overflow() -> ForeignClaims {
    ForeignClaims {
        issuer: "https://broker.example/acs/t/CUSTOMER".to_owned(),
        subject: "alice@example.org".to_owned(),
        audience: vec![US.to_owned(), "https://them.example".to_owned()],
        issued_at: at(1000),
        expires_at: at(2000),
        token_id: Some("o-1".to_owned()),
        parties: BTreeMap::from([("client_id", "robot".to_owned()), ("oid", "7".to_owned())]),
        circumstances: BTreeMap::from([("sid", "s".to_owned())]),
        expansion: Some("https://broker.example/expand".to_owned()),
        ..ForeignClaims::default()
    }
}

fn expanded() -> ForeignClaims {
    ForeignClaims {
        token_id: Some("e-1".to_owned()),
        expands: Some("o-1".to_owned()),
        expansion: None,
        groups: vec!["admins".to_owned()],
        ..overflow()
    }
}

fn paired(
    overflow: &ForeignClaims,
    expanded: &ForeignClaims,
    now: i64,
) -> Result<i64, PairingFault> {
    pair(overflow, expanded, &[US], at(now)).map(Timestamp::seconds)
}

/// The fault of a twin that differs from a good one in one thing.
fn fault(change: impl FnOnce(&mut ForeignClaims)) -> Option<PairingFault> {
    let mut twin = expanded();
    change(&mut twin);
    paired(&overflow(), &twin, 1500).err()
}

#[test]
fn a_token_and_its_twin_are_paired_until_the_first_of_them_ends() {
    assert_eq!(paired(&overflow(), &expanded(), 1500), Ok(2000));
    for (own, others, ends) in [(2000, 1900, 1900), (1900, 2000, 1900)] {
        let token = ForeignClaims {
            expires_at: at(own),
            ..overflow()
        };
        let twin = ForeignClaims {
            expires_at: at(others),
            ..expanded()
        };
        assert_eq!(paired(&token, &twin, 1899), Ok(ends));
        assert_eq!(paired(&token, &twin, 1900), Err(PairingFault::Dead));
    }
}

#[test]
fn every_check_refuses_what_it_is_for() {
    use PairingFault::{Audience, Client, Dead, IdToken, Issuer, Overflowing, Subject};
    let text = str::to_owned;
    assert_eq!(fault(|_| ()), None);
    assert_eq!(fault(|twin| twin.issuer.push('/')), Some(Issuer));
    assert_eq!(
        fault(|twin| twin.subject = text("bob@example.org")),
        Some(Subject)
    );
    assert_eq!(fault(|twin| twin.is_id_token = true), Some(IdToken));
    assert_eq!(
        fault(|twin| twin.expansion = Some(text("x"))),
        Some(Overflowing)
    );
    assert_eq!(fault(|twin| twin.issued_at = at(1600)), Some(Dead));
    assert_eq!(fault(|twin| twin.not_before = Some(at(1600))), Some(Dead));
    let other = |audience: &str| fault(|twin| twin.audience = vec![audience.to_owned()]);
    assert_eq!(other("https://them.example"), Some(Audience), "not for us");
    assert_eq!(
        other("https://others.example"),
        Some(Audience),
        "for nobody we know"
    );
    let unshared = ForeignClaims {
        audience: vec![text("https://them.example")],
        ..overflow()
    };
    assert_eq!(
        paired(&unshared, &expanded(), 1500),
        Err(Audience),
        "the token is not for us"
    );
    assert_eq!(
        fault(|twin| {
            twin.parties.insert("client_id", text("other"));
        }),
        Some(Client)
    );
    assert_eq!(
        fault(|twin| {
            twin.parties.remove("oid");
        }),
        Some(Client),
        "named in one alone"
    );
    assert_eq!(
        fault(|twin| {
            twin.parties.insert("azp", text("x"));
        }),
        Some(Client)
    );
    assert_eq!(
        fault(|twin| {
            twin.circumstances.insert("sid", text("t"));
        }),
        Some(Client)
    );
    assert_eq!(
        fault(|twin| {
            twin.circumstances.clear();
        }),
        None,
        "may be left out"
    );
    assert_eq!(
        fault(|twin| {
            twin.circumstances.insert("tenant", text("t"));
        }),
        None
    );
}

#[test]
fn a_twin_is_bound_to_its_token_and_to_what_that_is_bound_to() {
    use PairingFault::{Confirmation, Unbound};
    let text = str::to_owned;
    assert_eq!(
        fault(|twin| twin.expands = Some(text("o-2"))),
        Some(Unbound)
    );
    assert_eq!(fault(|twin| twin.expands = None), Some(Unbound));
    let same_id = |twin: &mut ForeignClaims| {
        twin.expands = None;
        twin.token_id = Some(text("o-1"));
    };
    assert_eq!(fault(same_id), None, "a twin may have the same id");
    let two_minds = |twin: &mut ForeignClaims| {
        twin.expands = Some(text("o-2"));
        twin.token_id = Some(text("o-1"));
    };
    assert_eq!(
        fault(two_minds),
        Some(Unbound),
        "what it says of its twin counts"
    );
    let key = |number| {
        Some(crate::Confirmation::Key(crate::Thumbprint::from_bytes(
            [number; 32],
        )))
    };
    assert_eq!(fault(|twin| twin.confirmation = key(1)), Some(Confirmation));
    let bound = ForeignClaims {
        confirmation: key(1),
        ..overflow()
    };
    assert_eq!(paired(&bound, &expanded(), 1500), Err(Confirmation));
    for (number, outcome) in [(1, Ok(2000)), (2, Err(Confirmation))] {
        let twin = ForeignClaims {
            confirmation: key(number),
            ..expanded()
        };
        assert_eq!(paired(&bound, &twin, 1500), outcome);
    }
}

#[test]
fn tokens_without_an_id_are_bound_to_nothing() {
    for id in [None, Some(String::new())] {
        let token = ForeignClaims {
            token_id: id.clone(),
            ..overflow()
        };
        for expands in [None, id.clone()] {
            let twin = ForeignClaims {
                token_id: id.clone(),
                expands,
                ..expanded()
            };
            assert_eq!(paired(&token, &twin, 1500), Err(PairingFault::Unbound));
        }
    }
}

#[test]
fn clocks_may_differ_at_the_beginning_and_not_at_the_end() {
    let twin = ForeignClaims {
        issued_at: at(1500).plus_millis(SKEW_MILLIS),
        ..expanded()
    };
    assert_eq!(paired(&overflow(), &twin, 1500), Ok(2000));
    assert_eq!(
        paired(&overflow(), &expanded(), 2000),
        Err(PairingFault::Dead)
    );
}

#[test]
fn every_fault_has_a_name_and_a_sentence_of_its_own() {
    use PairingFault::{
        Audience, Client, Confirmation, Dead, IdToken, Issuer, Overflowing, Signature, Subject,
        TooLong, Unbound,
    };
    let all = [
        Audience,
        Client,
        Confirmation,
        Dead,
        IdToken,
        Issuer,
        Overflowing,
        Signature,
        Subject,
        TooLong,
        Unbound,
    ];
    let names: Vec<&str> = all.iter().map(|fault| fault.name()).collect();
    let expected = [
        "audience",
        "client",
        "confirmation",
        "dead",
        "id_token",
        "issuer",
        "overflowing",
        "signature",
        "subject",
        "too_long",
        "unbound",
    ];
    assert_eq!(names, expected);
    let sentences: std::collections::BTreeSet<String> =
        all.iter().map(ToString::to_string).collect();
    assert_eq!(sentences.len(), all.len());
    assert!(
        TooLong
            .to_string()
            .contains(&MAX_EXPANDED_BYTES.to_string())
    );
}

fn person() -> impl Strategy<Value = (String, String, String)> {
    let name = prop::sample::select(vec!["alice", "bob"]).prop_map(str::to_owned);
    let client = prop::sample::select(vec!["robot", "phone"]).prop_map(str::to_owned);
    let id = prop::sample::select(vec!["o-1", "o-2"]).prop_map(str::to_owned);
    (name, client, id)
}

proptest! {
    #[test]
    fn the_tokens_of_two_people_are_never_paired(one in person(), other in person()) {
        let token = ForeignClaims {
            subject: one.0.clone(),
            parties: BTreeMap::from([("client_id", one.1.clone())]),
            token_id: Some(one.2.clone()),
            ..overflow()
        };
        let twin = ForeignClaims {
            subject: other.0.clone(),
            parties: BTreeMap::from([("client_id", other.1.clone())]),
            expands: Some(other.2.clone()),
            ..expanded()
        };
        prop_assert_eq!(paired(&token, &twin, 1500).is_ok(), one == other);
    }

    #[test]
    fn no_registration_outlives_either_token(own in 1000_i64..3000, others in 1000_i64..3000, now in 900_i64..3100) {
        let token = ForeignClaims { expires_at: at(own), ..overflow() };
        let twin = ForeignClaims { expires_at: at(others), ..expanded() };
        if let Ok(ends) = paired(&token, &twin, now) {
            prop_assert!(now < ends && ends <= own && ends <= others);
        }
    }
}
