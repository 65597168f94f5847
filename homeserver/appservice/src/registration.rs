//! A registration file: what it says, and what is wrong with it.

use std::{collections::BTreeSet, fmt};

use outbound::Url;
use ruma::{OwnedUserId, ServerName, UserId};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use crate::{
    limits::{ACCOUNT_DATA_TYPES_MAX, ID_BYTES_MAX, PROTOCOLS_MAX, REGISTRATION_BYTES_MAX, TOKEN_BYTES_MAX},
    namespaces::{Namespaces, Pattern},
};

/// The file as it is written. Keys that are not ours are left alone: registrations carry those of other servers.
#[derive(Deserialize)]
struct File {
    id: String,
    #[serde(default)]
    url: Option<String>,
    as_token: String,
    hs_token: String,
    sender_localpart: String,
    #[serde(default)]
    namespaces: Kinds,
    #[serde(default)]
    rate_limited: Option<bool>,
    #[serde(default)]
    protocols: Option<Vec<String>>,
    #[serde(default)]
    receive_ephemeral: Option<bool>,
    #[serde(default, rename = "de.sorunome.msc2409.push_ephemeral")]
    receive_ephemeral_unstable: Option<bool>,
    #[serde(default)]
    push_ephemeral: Option<bool>,
    #[serde(default, rename = "org.matrix.msc3202")]
    encryption: Option<bool>,
    #[serde(default, rename = "lianqiao.token_in_query")]
    token_in_query: Option<bool>,
    #[serde(default, rename = "lianqiao.in_user_directory")]
    in_user_directory: Option<bool>,
    #[serde(default, rename = "lianqiao.account_data")]
    account_data: Option<BTreeSet<String>>,
    #[serde(default, rename = "lianqiao.availability")]
    availability: Option<bool>,
    #[serde(default, rename = "lianqiao.people_wait")]
    people_wait: Option<bool>,
    #[serde(default, rename = "lianqiao.looks_after_people")]
    looks_after_people: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Kinds {
    #[serde(default)]
    users: Option<Vec<Pattern>>,
    #[serde(default)]
    aliases: Option<Vec<Pattern>>,
    #[serde(default)]
    rooms: Option<Vec<Pattern>>,
}

/// A secret that is compared in constant time and never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Whether it is this text, in a time that does not tell where they differ.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// The text, for the one request that must carry it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// An application service that is registered here.
/// [Specification](https://spec.matrix.org/v1.19/application-service-api/#registration)
#[derive(Debug)]
pub struct Service {
    /// The operator's name for it, for ever.
    pub id: String,
    /// Where it is reached; none when it wants to hear nothing.
    pub url: Option<Url>,
    /// What it shows to us.
    pub as_token: Secret,
    /// What we show to it.
    pub hs_token: Secret,
    /// The user that it is when it names no other.
    pub sender: OwnedUserId,
    /// The users it acts for.
    pub users: Namespaces,
    /// The aliases it answers for.
    pub aliases: Namespaces,
    /// The rooms it hears of.
    pub rooms: Namespaces,
    /// Whether rate limits hold the users it acts for. They never hold the sender.
    pub is_rate_limited: bool,
    /// The third-party networks that it knows its way around.
    pub protocols: Vec<String>,
    /// Whether it hears of typing, receipts, presence and to-device messages (MSC2409, MSC4203).
    pub receives_ephemeral: bool,
    /// Whether it hears what encryption needs: device lists and key counts (MSC3202).
    pub receives_encryption: bool,
    /// Whether the token goes into the query too, as it did before version 1.4 of the specification.
    pub has_token_in_query: bool,
    /// Whether people find the users that it has for itself in the user directory.
    pub is_in_user_directory: bool,
    /// Types of account data of everybody here that it may read and write.
    pub account_data: BTreeSet<String>,
    /// Whether it answers when people are busy (MSC4496).
    pub knows_availability: bool,
    /// Whether people wait for what it says, as they do for our own bots. Requests of the others stand behind those of people.
    pub people_wait: bool,
    /// Whether it may let people in for the first time, who have never entered their accounts.
    pub looks_after_people: bool,
}

impl Service {
    /// Reads a registration of this server.
    ///
    /// # Errors
    /// A sentence for the operator that names what is wrong.
    pub fn parse(text: &str, server_name: &ServerName) -> Result<Self, String> {
        if text.len() > REGISTRATION_BYTES_MAX {
            return Err(format!("the file is longer than {REGISTRATION_BYTES_MAX} bytes"));
        }
        let file: File =
            serde_saphyr::from_str(text).map_err(|error| format!("it cannot be read: {error}"))?;
        let kind = |name: &str, patterns: Option<Vec<Pattern>>| {
            Namespaces::compile(name, &patterns.unwrap_or_default())
        };
        let protocols = file.protocols.unwrap_or_default();
        if protocols.len() > PROTOCOLS_MAX || protocols.iter().any(String::is_empty) {
            return Err(format!("protocols must be at most {PROTOCOLS_MAX} names, none of them empty"));
        }
        let account_data = file.account_data.unwrap_or_default();
        let is_type = |kind: &String| !kind.is_empty() && !kind.starts_with("m.");
        if account_data.len() > ACCOUNT_DATA_TYPES_MAX || !account_data.iter().all(is_type) {
            return Err(format!(
                "lianqiao.account_data must be at most {ACCOUNT_DATA_TYPES_MAX} types, none of them empty or of the specification"
            ));
        }
        let ephemeral = [file.receive_ephemeral, file.receive_ephemeral_unstable, file.push_ephemeral];
        Ok(Self {
            id: checked_id(file.id)?,
            url: checked_url(file.url.as_deref())?,
            as_token: checked_token("as_token", file.as_token)?,
            hs_token: checked_token("hs_token", file.hs_token)?,
            sender: checked_sender(&file.sender_localpart, server_name)?,
            users: kind("users", file.namespaces.users)?,
            aliases: kind("aliases", file.namespaces.aliases)?,
            rooms: kind("rooms", file.namespaces.rooms)?,
            is_rate_limited: file.rate_limited.unwrap_or(false),
            protocols,
            receives_ephemeral: ephemeral.contains(&Some(true)),
            receives_encryption: file.encryption.unwrap_or(false),
            has_token_in_query: file.token_in_query.unwrap_or(false),
            is_in_user_directory: file.in_user_directory.unwrap_or(false),
            account_data,
            knows_availability: file.availability.unwrap_or(false),
            people_wait: file.people_wait.unwrap_or(false),
            looks_after_people: file.looks_after_people.unwrap_or(false),
        })
    }

    /// Whether it may act for this user, or is this user.
    #[must_use]
    pub fn owns(&self, user: &UserId) -> bool {
        user == self.sender || self.is_interested_in(user)
    }

    /// Whether a user of its own server is one of its users. Users of other servers are nobody's (MSC3905).
    #[must_use]
    pub fn is_interested_in(&self, user: &UserId) -> bool {
        user.server_name() == self.sender.server_name()
            && (user == self.sender || self.users.contains(user.as_str()))
    }

    /// Whether nobody else may have this user.
    #[must_use]
    pub fn reserves(&self, user: &UserId) -> bool {
        user == self.sender
            || (user.server_name() == self.sender.server_name() && self.users.reserves(user.as_str()))
    }
}

fn checked_id(id: String) -> Result<String, String> {
    let fine = !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control);
    if fine { Ok(id) } else { Err(format!("id must have 1 to {ID_BYTES_MAX} bytes and no control signs")) }
}

fn checked_url(url: Option<&str>) -> Result<Option<Url>, String> {
    let Some(text) = url.filter(|url| !url.is_empty()) else { return Ok(None) };
    let url = Url::parse(text).map_err(|error| format!("url `{text}` is no web address: {error}"))?;
    let is_fine = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_fine {
        Ok(Some(url))
    } else {
        Err(format!(
            "url `{text}` must be http:// or https:// with a host, without user name, query or fragment"
        ))
    }
}

fn checked_token(key: &str, token: String) -> Result<Secret, String> {
    let fine = !token.is_empty()
        && token.len() <= TOKEN_BYTES_MAX
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if fine {
        Ok(Secret(token))
    } else {
        Err(format!("{key} must have 1 to {TOKEN_BYTES_MAX} printable ASCII signs without spaces"))
    }
}

fn checked_sender(localpart: &str, server_name: &ServerName) -> Result<OwnedUserId, String> {
    let follows_grammar = !localpart.is_empty()
        && localpart
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._=-/+".contains(&byte));
    let user = UserId::parse(format!("@{localpart}:{server_name}"));
    match user {
        Ok(user) if follows_grammar => Ok(user),
        _ => Err(format!("sender_localpart `{localpart}` may only contain a-z, 0-9 and ._=-/+")),
    }
}

#[cfg(test)]
mod tests {
    use ruma::{server_name, user_id};

    use super::*;

    const FINE: &str = r##"
id: irc
url: "http://127.0.0.1:9000/base"
as_token: secret-a
hs_token: secret-h
sender_localpart: _irc_bot
namespaces:
  users:
    - exclusive: true
      regex: "@_irc_.*:example\\.org"
  aliases:
    - exclusive: false
      regex: "#_irc_.*"
de.sorunome.msc2409.push_ephemeral: true
unknown.key: [1, 2]
"##;

    fn parse(text: &str) -> Result<Service, String> {
        Service::parse(text, server_name!("example.org"))
    }

    #[test]
    fn a_registration_is_read_with_keys_of_other_servers() {
        let service = parse(FINE).unwrap();
        assert_eq!((service.id.as_str(), service.sender.as_str()), ("irc", "@_irc_bot:example.org"));
        assert!(service.receives_ephemeral && !service.receives_encryption && !service.is_rate_limited);
        assert!(service.as_token.is("secret-a") && !service.as_token.is("secret-b"));
        assert!(service.reserves(user_id!("@_irc_bob:example.org")));
        assert!(service.owns(user_id!("@_irc_bot:example.org")));
        assert!(!service.owns(user_id!("@_irc_bob:other.org")), "users of other servers are nobody's");
        assert!(!format!("{service:?}").contains("secret-"), "tokens are never printed");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, named) in [
            ("id: irc", "", "id"),
            ("as_token: secret-a", "as_token: \"\"", "as_token"),
            ("hs_token: secret-h", "hs_token: \"a b\"", "hs_token"),
            ("sender_localpart: _irc_bot", "sender_localpart: \"Bot\"", "sender_localpart"),
            ("http://127.0.0.1:9000/base", "ftp://host", "url"),
            ("http://127.0.0.1:9000/base", "http://user:pass@host", "url"),
            ("regex: \"#_irc_.*\"", "regex: \"#_irc_(\"", "namespaces.aliases"),
            ("namespaces:", "namespaces: 7\nrest:", "namespaces"),
            ("unknown.key: [1, 2]", "lianqiao.account_data: [m.direct]", "lianqiao.account_data"),
            ("unknown.key: [1, 2]", "lianqiao.account_data: [\"\"]", "lianqiao.account_data"),
        ] {
            let error = parse(&FINE.replace(from, to)).unwrap_err();
            assert!(error.contains(named), "{error} should name {named}");
        }
        assert!(parse("\t- ][").is_err() && parse("").is_err());
        assert!(parse(&"#".repeat(REGISTRATION_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn what_a_service_keeps_for_everybody_is_named() {
        let plain = parse(FINE).unwrap();
        assert!(plain.account_data.is_empty() && !plain.knows_availability);
        let keys = "lianqiao.account_data: [com.example.policy]\nlianqiao.availability: true";
        let service = parse(&FINE.replace("unknown.key: [1, 2]", keys)).unwrap();
        assert!(service.account_data.contains("com.example.policy") && service.knows_availability);
    }

    #[test]
    fn a_service_without_address_hears_nothing() {
        for url in ["null", "\"\"", "~"] {
            assert!(parse(&FINE.replace("\"http://127.0.0.1:9000/base\"", url)).unwrap().url.is_none());
        }
    }
}
