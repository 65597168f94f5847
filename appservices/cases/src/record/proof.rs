//! From where somebody acted, and what proves it.

use ruma::{OwnedEventId, OwnedRoomId};
use serde::{Deserialize, Serialize};

use super::Entry;

/// The event by which somebody acted. Its id is a hash that the person's server has signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its room.
    pub room_id: OwnedRoomId,
    /// Its id.
    pub event_id: OwnedEventId,
    /// SHA-256 of the verified call of a platform that the event tells of, in lower-case hexadecimal. It stands in the proof.
    #[serde(skip)]
    pub callback: Option<String>,
}

impl Source {
    /// An event by which somebody acted themselves.
    #[must_use]
    pub const fn event(room_id: OwnedRoomId, event_id: OwnedEventId) -> Self {
        Self { room_id, event_id, callback: None }
    }
}

/// What proves that the person acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// `pdu` for an event, `callback` for a vendor's signed call, `link` for a signed link of ours that was sent to one mailbox.
    #[serde(rename = "type")]
    pub kind: String,
    /// The hash: for an event its id, for a link that of its path.
    pub hash: String,
    /// Whether the signature of a call was checked when it came; one that fails is no proof and never here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

impl Proof {
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        let verified = |kind: &str, hash: &str| Self {
            kind: kind.to_owned(),
            hash: format!("sha256:{hash}"),
            verified: Some(true),
        };
        match (&entry.source, &entry.link) {
            (Some(Source { callback: Some(hash), .. }), _) => Some(verified("callback", hash)),
            (Some(source), _) => {
                Some(Self { kind: "pdu".into(), hash: source.event_id.to_string(), verified: None })
            }
            (None, Some(hash)) => Some(verified("link", hash)),
            (None, None) => None,
        }
    }
}
