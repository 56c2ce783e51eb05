use proptest::prelude::*;

use super::*;
use crate::{KeyId, Minutes, RealmId, Timestamp, TokenDigest, TokenId};

const CAP: Minutes = Minutes::new(259_200);

fn draft(client_id: &str, ttl: i64) -> EmergencyClientDraft {
    EmergencyClientDraft {
        client_id: Some(client_id.to_owned()),
        client_name: Some("Name".to_owned()),
        client_description: None,
        access_token_ttl: Some(ttl),
        dpop_key_thumbprint: None,
    }
}

fn token(seed: u8) -> NewToken {
    NewToken {
        id: TokenId::from_random([seed; 16]),
        digest: TokenDigest::of(&seed.to_string()),
        key_id: KeyId::new("k"),
        status_index: u64::from(seed),
    }
}

fn client(ttl: u32, now: Timestamp) -> EmergencyClient {
    let accepted = draft("c", i64::from(ttl)).accept(CAP).unwrap();
    EmergencyClient::create(
        RealmId::from_random([9; 16]),
        accepted,
        token(1),
        "admin",
        now,
    )
}

#[test]
fn ids_of_every_script_are_accepted() {
    for id in [
        "a",
        "fire-1",
        "emergency client 1",
        "Ärztin",
        "緊急",
        "हिन्दी",
        "ฉุกเฉิน",
        "தமிழ்",
        "טֶסְט",
        "e\u{325}\u{301}",
        "a@b:c+d_e.f",
        "...",
        &"x".repeat(256),
    ] {
        assert!(id.parse::<ClientId>().is_ok(), "{id}");
    }
}

#[test]
fn ids_that_a_path_could_not_carry_are_refused() {
    let too_long = "x".repeat(257);
    for id in [
        "",
        ".",
        "..",
        " a",
        "a ",
        "a/b",
        "a?b",
        "a#b",
        "a%b",
        "a\nb",
        "a\u{0}",
        "a\u{a0}b",
        "\u{202e}x",
        "\u{301}a",
        "a \u{301}",
        "-\u{301}",
        "a\u{20dd}",
        "a\u{200d}b",
        "a\u{34f}b",
        "a\u{fe0f}",
        "\u{3164}",
        &too_long,
    ] {
        assert!(id.parse::<ClientId>().is_err(), "{id:?}");
    }
}

#[test]
fn the_two_spellings_of_a_letter_are_one_id() {
    for (spelled, kept) in [
        ("a\u{301}rbol", "\u{e1}rbol"),
        ("\u{212b}", "\u{c5}"),
        ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
    ] {
        let id: ClientId = spelled.parse().unwrap();
        assert_eq!(id.as_str(), kept);
        assert_eq!(kept.parse(), Ok(id));
    }
    let long = "a\u{301}".repeat(256);
    assert!(long.parse::<ClientId>().is_ok(), "it has 256 letters");
}

#[test]
fn texts_for_people_steer_no_terminal() {
    let with = |name: &str, description: &str| {
        let draft = EmergencyClientDraft {
            client_name: Some(name.to_owned()),
            client_description: Some(description.to_owned()),
            ..draft("c", 1)
        };
        draft.accept(CAP).map_err(|report| report.to_string())
    };
    assert!(with("Nacht \u{1f319}", "one\ttwo\r\nthree").is_ok());
    for character in ['\0', '\u{1b}', '\u{7f}', '\u{9b}'] {
        let text = format!("a{character}b");
        assert_eq!(
            with(&text, &text),
            Err(
                "clientDescription must not hold control characters but tabs and ends of lines; \
                 clientName must not hold control characters"
                    .to_owned()
            ),
            "{character:?}"
        );
    }
    for character in ['\t', '\n', '\r'] {
        assert!(
            with(&format!("a{character}b"), "").is_err(),
            "{character:?}"
        );
    }
}

#[test]
fn every_faulty_field_is_named_at_once() {
    let faulty = EmergencyClientDraft {
        client_id: Some("a/b".to_owned()),
        client_name: Some(String::new()),
        client_description: Some("x".repeat(4001)),
        access_token_ttl: Some(0),
        dpop_key_thumbprint: Some("short".to_owned()),
    };
    let report = faulty.accept(CAP).unwrap_err();
    let paths: Vec<_> = report
        .failures()
        .iter()
        .map(|failure| failure.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "accessTokenTtl",
            "clientDescription",
            "clientId",
            "clientName",
            "dpopKeyThumbprint"
        ]
    );
}

#[test]
fn the_lifetime_ends_at_the_cap() {
    assert!(draft("c", 259_200).accept(CAP).is_ok());
    for ttl in [0, -1, 259_201, i64::MAX, i64::MIN] {
        let report = draft("c", ttl).accept(CAP).unwrap_err();
        assert_eq!(
            report.to_string(),
            "accessTokenTtl must be 1 to 259200 minutes"
        );
    }
}

#[test]
fn regenerating_keeps_the_client_and_renews_the_token() {
    let born = Timestamp::from_millis(0);
    let later = Timestamp::from_millis(30_000);
    let (renewed, retired) = client(1, born).regenerate(token(2), later);
    assert_eq!(retired.status_index, 1);
    assert_eq!(renewed.token.expires_at, Timestamp::from_millis(90_000));
    assert_eq!(renewed.last_regenerated_at, Some(later));
    assert!(!renewed.admits(&token(1).digest, later));
    assert!(renewed.admits(&token(2).digest, later));
}

#[test]
fn a_revoked_client_lives_again_when_regenerated() {
    let born = Timestamp::from_millis(0);
    let revoked = client(1, born).revoke(born);
    assert_eq!(revoked.status(born), TokenStatus::Revoked);
    let (renewed, _) = revoked.regenerate(token(2), born);
    assert_eq!(renewed.status(born), TokenStatus::Active);
}

proptest! {
    #[test]
    fn parsing_an_id_never_panics_and_what_it_keeps_reads_the_same(text in any::<String>()) {
        if let Ok(id) = text.parse::<ClientId>() {
            prop_assert_eq!(id.as_str().parse(), Ok(id.clone()));
            prop_assert!(!text.is_ascii() || id.as_str() == text);
        }
    }

    #[test]
    fn ids_of_marked_letters_settle_at_once(text in r"[\p{L}\p{N}\p{M}]{1,20}") {
        if let Ok(id) = text.parse::<ClientId>() {
            prop_assert_eq!(id.as_str().parse(), Ok(id.clone()));
        }
    }

    #[test]
    fn a_dead_token_stays_dead(ttl in 1_u32..259_200, born in 0_i64..4_000_000_000_000, after in 0_i64..4_000_000_000_000, later in 0_i64..4_000_000_000_000) {
        let client = client(ttl, Timestamp::from_millis(born));
        let at = Timestamp::from_millis(born).plus_millis(after);
        if client.status(at) != TokenStatus::Active {
            prop_assert_ne!(client.status(at.plus_millis(later)), TokenStatus::Active);
        }
        let revoked = client.revoke(at);
        prop_assert_eq!(revoked.status(at.plus_millis(later)), TokenStatus::Revoked);
    }
}
