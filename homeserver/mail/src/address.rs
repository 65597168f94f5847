//! E-mail addresses in the one spelling under which they are stored and compared.

use std::fmt;

use crate::limits::{ADDRESS_BYTES_MAX, LOCAL_PART_BYTES_MAX};

/// A checked address in small letters. Mailboxes that differ by capitals alone do not exist in practice,
/// and telling them apart would let somebody prove an address that looks like another's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// Reads an address as a person writes it; nothing for what is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.trim().to_lowercase();
        let (local, domain) = address.rsplit_once('@')?;
        let fits = address.len() <= ADDRESS_BYTES_MAX && local.len() <= LOCAL_PART_BYTES_MAX;
        // Nothing that could be a second address, a header or a route; no quoted local parts.
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>@[\\]".contains(c);
        let is_domain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
        let good = fits
            && !local.is_empty()
            && local.chars().all(is_plain)
            && !domain.starts_with(['.', '-'])
            && !domain.ends_with(['.', '-'])
            && !domain.contains("..")
            && domain.chars().all(is_domain)
            && !domain.is_empty();
        (good && address.parse::<lettre::Address>().is_ok()).then_some(Self(address))
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, expected) in [
            ("alice@example.org", Some("alice@example.org")),
            (" Alice.Smith+tag@Example.ORG ", Some("alice.smith+tag@example.org")),
            ("李@例子.中国", Some("李@例子.中国")),
            ("alice", None),
            ("@example.org", None),
            ("alice@", None),
            ("alice@b@example.org", None),
            ("alice@example..org", None),
            ("alice@-example.org", None),
            ("a lice@example.org", None),
            ("alice@example.org\r\nBcc: eve@example.org", None),
            ("alice@example.org,eve@example.org", None),
            ("<alice@example.org>", None),
            ("\"alice\"@example.org", None),
        ] {
            assert_eq!(Address::parse(text).as_ref().map(Address::as_str), expected, "{text:?}");
        }
        assert!(Address::parse(&format!("{}@example.org", "a".repeat(65))).is_none());
        assert!(Address::parse(&format!("a@{}.org", "b".repeat(300))).is_none());
    }
}
