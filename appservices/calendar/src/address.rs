//! How somebody can be reached: what stands behind `ORGANIZER:` and `ATTENDEE:`.

use std::{fmt, str::FromStr};

use outbound::Url;
use ruma::{MatrixUri, OwnedUserId, matrix_uri::MatrixId};
use serde::{Deserialize, Serialize};

/// The scheme of those who have neither an account nor a mailbox: `x-lianqiao:resource?id=…`.
const OWN_SCHEME: &str = "x-lianqiao";

/// The name of the value in such an address.
const OWN_FIELD: &str = "id";

/// How somebody can be reached. As text it is the URI that stands in iCalendar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// A Matrix account: `matrix:u/name:server`.
    Matrix(OwnedUserId),
    /// A mailbox, in small letters: `mailto:`.
    Email(String),
    /// A person of DingTalk, by its id there.
    Dingtalk(String),
    /// A person of Feishu, by its id there.
    Feishu(String),
    /// A person of WeCom, by its id there.
    Wecom(String),
    /// A meeting room or a thing, by its name here.
    Resource(String),
}

/// The text is no address that we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of a person or a resource")]
pub struct NotAnAddress(String);

impl Address {
    /// A mailbox. Capitals do not matter in practice, so it is kept in small letters.
    #[must_use]
    pub fn email(text: &str) -> Self {
        Self::Email(text.trim().to_lowercase())
    }

    /// The account, if it is one.
    #[must_use]
    pub fn account(&self) -> Option<&OwnedUserId> {
        match self {
            Self::Matrix(user) => Some(user),
            Self::Email(_) | Self::Dingtalk(_) | Self::Feishu(_) | Self::Wecom(_) | Self::Resource(_) => None,
        }
    }
}

impl From<OwnedUserId> for Address {
    fn from(user: OwnedUserId) -> Self {
        Self::Matrix(user)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matrix(user) => write!(f, "{}", user.matrix_uri(false)),
            Self::Email(mailbox) => write!(f, "mailto:{mailbox}"),
            Self::Dingtalk(id) => own(f, "dingtalk", id),
            Self::Feishu(id) => own(f, "feishu", id),
            Self::Wecom(id) => own(f, "wecom", id),
            Self::Resource(name) => own(f, "resource", name),
        }
    }
}

/// An address of the own scheme; the value is encoded as in a query, so that it holds any character.
fn own(f: &mut fmt::Formatter<'_>, kind: &str, id: &str) -> fmt::Result {
    let mut url = Url::parse(&format!("{OWN_SCHEME}:{kind}")).map_err(|_| fmt::Error)?;
    url.query_pairs_mut().append_pair(OWN_FIELD, id);
    f.write_str(url.as_str())
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let wrong = || NotAnAddress(text.chars().take(100).collect());
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or_else(wrong)?;
        if scheme.eq_ignore_ascii_case("mailto") {
            let mailbox = rest.split('?').next().unwrap_or(rest);
            let is_mailbox = mailbox.contains('@') && !mailbox.chars().any(char::is_control);
            return is_mailbox.then(|| Self::email(mailbox)).ok_or_else(wrong);
        }
        if scheme.eq_ignore_ascii_case("matrix") {
            let uri = MatrixUri::parse(text).map_err(|_| wrong())?;
            return match uri.id() {
                MatrixId::User(user) => Ok(Self::Matrix(user.clone())),
                _ => Err(wrong()),
            };
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        let id = url.query_pairs().find(|(name, _)| name == OWN_FIELD).map(|(_, id)| id.into_owned());
        match (url.scheme(), url.path(), id) {
            (OWN_SCHEME, "dingtalk", Some(id)) => Ok(Self::Dingtalk(id)),
            (OWN_SCHEME, "feishu", Some(id)) => Ok(Self::Feishu(id)),
            (OWN_SCHEME, "wecom", Some(id)) => Ok(Self::Wecom(id)),
            (OWN_SCHEME, "resource", Some(id)) => Ok(Self::Resource(id)),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}
