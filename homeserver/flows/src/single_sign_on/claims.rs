//! From the claims of an identity provider to a person here. Pure.

use serde_json::{Map, Value};

use super::{
    ProviderSettings, SingleSignOnError,
    limits::{CLOCK_SKEW_MS, DISPLAY_NAME_CHARACTERS_MAX},
};

/// A person, as a provider describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// Their `sub`.
    pub subject: String,
    /// The provider's session.
    pub sid: Option<String>,
    /// The name as the provider has it.
    pub name: Option<String>,
    /// The name as a localpart.
    pub localpart: Option<String>,
    pub display_name: Option<String>,
    /// An e-mail address that the provider vouches for.
    pub address: Option<String>,
}

/// Reads the claims in the way the operator wants.
///
/// # Errors
/// `NotAllowed` when a required claim is missing, `Untrusted` without a subject.
pub(super) fn person(
    claims: &Map<String, Value>,
    settings: &ProviderSettings,
) -> Result<Person, SingleSignOnError> {
    let text = |name: &str| text(claims.get(name)?);
    let missing = settings.required_claims.iter().find(|(name, wanted)| !holds(claims.get(*name), wanted));
    if let Some((name, _)) = missing {
        return Err(SingleSignOnError::NotAllowed(name.clone()));
    }
    let subject = text("sub").ok_or_else(|| SingleSignOnError::Untrusted("there is no sub".to_owned()))?;
    let name = text(&settings.localpart_claim);
    let is_verified = settings.trust_email
        || matches!(claims.get("email_verified"), Some(Value::Bool(true)))
        || text("email_verified").as_deref() == Some("true");
    Ok(Person {
        subject,
        sid: text("sid"),
        localpart: name.as_deref().and_then(localpart),
        name,
        display_name: text(&settings.display_name_claim)
            .map(|name| name.chars().take(DISPLAY_NAME_CHARACTERS_MAX).collect()),
        address: text(&settings.email_claim).filter(|_| is_verified).filter(|text| text.contains('@')),
    })
}

/// Whether the provider says that the person signed on after the browser was sent there; clocks may differ.
pub(super) fn is_signed_on_since(claims: &Map<String, Value>, begun_ms: Option<u64>) -> bool {
    let signed_on = claims.get("auth_time").and_then(Value::as_u64);
    let (Some(signed_on), Some(begun_ms)) = (signed_on, begun_ms) else { return false };
    signed_on.saturating_mul(1_000).saturating_add(CLOCK_SKEW_MS) >= begun_ms
}

/// A claim as text without blanks around it; numbers count, because employee numbers often are ones.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Whether a claim is this value, or a list that holds it.
fn holds(claim: Option<&Value>, wanted: &str) -> bool {
    match claim {
        Some(Value::Array(values)) => values.iter().any(|value| text(value).as_deref() == Some(wanted)),
        Some(Value::Bool(value)) => value.to_string() == wanted,
        Some(value) => text(value).as_deref() == Some(wanted),
        None => false,
    }
}

/// A name as a localpart: what stands before an `@`, in small letters, everything that a localpart may not hold
/// written as `=` and the hexadecimal digits of its bytes.
/// [Mapping from other character sets](https://spec.matrix.org/v1.19/appendices/#mapping-from-other-character-sets)
fn localpart(name: &str) -> Option<String> {
    let name = name.split_once('@').map_or(name, |(before, _)| before).to_lowercase();
    let mut localpart = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/' | b'+' => localpart.push(char::from(byte)),
            other => localpart.push_str(&format!("={other:02x}")),
        }
    }
    (!localpart.is_empty()).then_some(localpart)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings() -> ProviderSettings {
        ProviderSettings {
            id: "company".to_owned(),
            name: "Company".to_owned(),
            brand: None,
            icon: None,
            issuer: "https://id.example.org".to_owned(),
            client_id: "lianqiao".to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            localpart_claim: "preferred_username".to_owned(),
            display_name_claim: "name".to_owned(),
            email_claim: "email".to_owned(),
            trust_email: false,
            required_claims: [("groups".to_owned(), "chat".to_owned())].into(),
            create_accounts: true,
            link_by_name: false,
            link_by_email: false,
            update_display_name: false,
        }
    }

    fn read(claims: Value) -> Result<Person, SingleSignOnError> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        person(&claims, &settings())
    }

    #[test]
    fn names_become_localparts() {
        for (name, expected) in [
            ("alice", Some("alice")),
            ("Alice.Wang", Some("alice.wang")),
            ("alice@corp.example", Some("alice")),
            ("10023", Some("10023")),
            ("张三", Some("=e5=bc=a0=e4=b8=89")),
            ("a b=c", Some("a=20b=3dc")),
            ("@corp.example", None),
            ("", None),
        ] {
            assert_eq!(localpart(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn claims_become_a_person() {
        let person = read(json!({
            "sub": "s-1", "sid": "session", "preferred_username": " Alice ", "name": "Alice Wang 王",
            "email": "alice@corp.example", "email_verified": true, "groups": ["staff", "chat"],
        }));
        let person = person.unwrap();
        assert_eq!(person.localpart.as_deref(), Some("alice"));
        assert_eq!(person.display_name.as_deref(), Some("Alice Wang 王"));
        assert_eq!(person.address.as_deref(), Some("alice@corp.example"));
        assert_eq!((person.subject.as_str(), person.sid.as_deref()), ("s-1", Some("session")));
    }

    #[test]
    fn a_confirmation_needs_a_sign_on_that_is_newer_than_the_question() {
        let begun_ms = Some(1_700_000_000_500);
        let judged = |claims: Value| is_signed_on_since(claims.as_object().unwrap(), begun_ms);
        assert!(judged(json!({"auth_time": 1_700_000_020})));
        assert!(judged(json!({"auth_time": 1_699_999_941})), "the provider's clock is a minute behind");
        for auth_time in [json!(1_699_999_000), json!("1700000020"), Value::Null, json!(-1)] {
            assert!(!judged(json!({ "auth_time": auth_time })), "{auth_time}");
        }
        assert!(!judged(json!({})));
        assert!(!is_signed_on_since(json!({"auth_time": 1_700_000_020}).as_object().unwrap(), None));
    }

    #[test]
    fn an_address_that_nobody_verified_is_nobodys() {
        for verified in [json!(false), json!("no"), Value::Null, json!(1)] {
            let claims =
                json!({"sub": "s", "groups": "chat", "email": "a@b.example", "email_verified": verified});
            assert_eq!(read(claims).unwrap().address, None, "{verified}");
        }
    }

    #[test]
    fn who_lacks_a_required_claim_is_not_let_in() {
        for groups in
            [json!("staff"), json!(["staff"]), json!([]), Value::Null, json!({"chat": true}), json!(true)]
        {
            let refused = read(json!({"sub": "s", "groups": groups}));
            assert!(
                matches!(refused, Err(SingleSignOnError::NotAllowed(name)) if name == "groups"),
                "{groups}"
            );
        }
        assert!(matches!(read(json!({"groups": "chat"})), Err(SingleSignOnError::Untrusted(_))));
    }
}
