//! From the names of the contracts to those of Rust.

/// `auth-token`, `VCFRoleInfo` and `configureIDP` as `AuthToken`, `VcfRoleInfo` and `ConfigureIdp`.
pub(crate) fn pascal(name: &str) -> String {
    let words = words(name);
    let words = words.iter().map(|word| match word.as_str() {
        "oauth" => "OAuth".to_owned(),
        word => capitalised(word),
    });
    match words.collect::<String>() {
        reserved if reserved == "Self" => "Itself".to_owned(),
        name => name,
    }
}

/// `oidcIssuerUrl` as `oidc_issuer_url`; a reserved word gets an underscore.
pub(crate) fn snake(name: &str) -> String {
    let snake = words(name).join("_");
    match snake.as_str() {
        "type" | "use" => format!("{snake}_"),
        _ => snake,
    }
}

/// What serde's `rename_all = "camelCase"` makes of a field.
pub(crate) fn serde_camel(field: &str) -> String {
    let pascal: String = field.split('_').map(capitalised).collect();
    let mut letters = pascal.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The words of a name in lower case. A run of capitals is one word: `VCFRole` is `vcf`, `role`.
fn words(name: &str) -> Vec<String> {
    // `OAuth` would fall into `o` and `auth`.
    let name = name.replace("OAuth", "Oauth");
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (place, letter) in letters.iter().copied().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let after = letters.get(place + 1);
        if letter.is_uppercase() && starts_word(before, after) {
            words.push(String::new());
        }
        if !letter.is_alphanumeric() {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn starts_word(before: Option<&char>, after: Option<&char>) -> bool {
    let follows_small = before.is_some_and(|letter| !letter.is_uppercase());
    let leads_small = after.is_some_and(|letter| letter.is_lowercase());
    follows_small || leads_small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_pascal_case() {
        for (name, expected) in [
            ("auth-token", "AuthToken"),
            ("VCFRoleInfo", "VcfRoleInfo"),
            ("configureIDP", "ConfigureIdp"),
            ("OAuthApp", "OAuthApp"),
            ("getVCFRolesPaginated", "GetVcfRolesPaginated"),
            ("VC_VERSION_NOT_SUPPORTED", "VcVersionNotSupported"),
            ("ES256", "Es256"),
            ("EdDSA", "EdDsa"),
        ] {
            assert_eq!(pascal(name), expected);
        }
    }

    #[test]
    fn fields_are_snake_case() {
        for (name, expected) in [
            ("oidcIssuerUrl", "oidc_issuer_url"),
            ("jwks_uri", "jwks_uri"),
            ("type", "type_"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn serde_finds_the_wire_name_again() {
        assert_eq!(serde_camel("oidc_issuer_url"), "oidcIssuerUrl");
        assert_eq!(serde_camel("type_"), "type");
    }
}
