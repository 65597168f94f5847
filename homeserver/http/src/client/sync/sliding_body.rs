//! The JSON of sliding sync that both dialects share: filters, extensions, and what surrounds a request.

use std::collections::BTreeMap;

use ruma::presence::PresenceState;
use serde::Deserialize;
use sync::sliding::{
    ExtensionRequests, ExtensionScope, ProfilesRequest, RoomFilters, StickyRequest, ToDeviceRequest,
};

/// Filters; the unstable form says `is_invite` where the accepted one says `is_invited`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct FilterBody {
    is_dm: Option<bool>,
    is_encrypted: Option<bool>,
    #[serde(alias = "is_invite")]
    is_invited: Option<bool>,
    room_types: Option<Vec<Option<String>>>,
    not_room_types: Option<Vec<Option<String>>>,
    spaces: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    not_tags: Option<Vec<String>>,
    room_name_like: Option<String>,
}

impl From<FilterBody> for RoomFilters {
    fn from(body: FilterBody) -> Self {
        Self {
            is_dm: body.is_dm,
            is_encrypted: body.is_encrypted,
            is_invited: body.is_invited,
            room_types: body.room_types,
            not_room_types: body.not_room_types.unwrap_or_default(),
            spaces: body.spaces,
            tags: body.tags,
            not_tags: body.not_tags.unwrap_or_default(),
            room_name_like: body.room_name_like,
        }
    }
}

/// Extensions. Those that this server does not know are ignored.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ExtensionsBody {
    to_device: Option<QueueBody>,
    e2ee: Option<Switch>,
    account_data: Option<ScopeBody>,
    receipts: Option<ScopeBody>,
    typing: Option<ScopeBody>,
    #[serde(rename = "io.element.msc4308.thread_subscriptions")]
    thread_subscriptions: Option<ThreadsBody>,
    #[serde(rename = "org.matrix.msc4354.sticky_events")]
    sticky_events: Option<QueueBody>,
    #[serde(rename = "org.matrix.msc4262.profiles")]
    profiles: Option<ProfilesBody>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProfilesBody {
    enabled: Option<bool>,
    fields: Option<Vec<String>>,
    lists: Option<Vec<String>>,
    rooms: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Switch {
    enabled: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct QueueBody {
    enabled: Option<bool>,
    limit: Option<u64>,
    since: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ThreadsBody {
    enabled: Option<bool>,
    limit: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ScopeBody {
    enabled: Option<bool>,
    lists: Option<Vec<String>>,
    rooms: Option<Vec<String>>,
}

/// Changes of thread subscriptions in one answer when the client does not say (MSC4308).
const THREAD_SUBSCRIPTIONS_DEFAULT: u64 = 100;

impl From<ExtensionsBody> for ExtensionRequests {
    fn from(body: ExtensionsBody) -> Self {
        let scope = |body: Option<ScopeBody>| {
            let body = body.filter(|body| body.enabled == Some(true))?;
            Some(ExtensionScope { lists: body.lists, rooms: body.rooms })
        };
        let to_device = body.to_device.filter(|body| body.enabled == Some(true));
        let threads = body.thread_subscriptions.filter(|body| body.enabled == Some(true));
        let sticky = body.sticky_events.filter(|body| body.enabled == Some(true));
        let profiles = body.profiles.filter(|body| body.enabled == Some(true));
        Self {
            to_device: to_device.map(|body| ToDeviceRequest { limit: body.limit, since: body.since }),
            e2ee: body.e2ee.is_some_and(|body| body.enabled == Some(true)),
            account_data: scope(body.account_data),
            receipts: scope(body.receipts),
            typing: scope(body.typing),
            thread_subscriptions: threads.map(|body| body.limit.unwrap_or(THREAD_SUBSCRIPTIONS_DEFAULT)),
            sticky_events: sticky.map(|body| StickyRequest { limit: body.limit, since: body.since }),
            profiles: profiles.map(|body| ProfilesRequest {
                fields: body.fields,
                scope: ExtensionScope { lists: body.lists, rooms: body.rooms },
            }),
        }
    }
}

/// What both dialects have in their body.
#[derive(Deserialize)]
pub struct Body<L, S> {
    /// Which connection.
    #[serde(default)]
    pub conn_id: Option<String>,
    /// To be echoed.
    #[serde(default)]
    pub txn_id: Option<String>,
    /// Where the client stands; beside the body in the unstable form.
    #[serde(default)]
    pub pos: Option<String>,
    /// How long to wait, in milliseconds; beside the body in the unstable form.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// What the sync says about the user; beside the body in the unstable form.
    #[serde(default)]
    pub set_presence: Option<String>,
    /// Lists by name.
    #[serde(default = "BTreeMap::new")]
    pub lists: BTreeMap<String, L>,
    /// Configs by room.
    #[serde(default = "BTreeMap::new")]
    pub room_subscriptions: BTreeMap<ruma::OwnedRoomId, S>,
    /// Extensions.
    #[serde(default)]
    pub extensions: ExtensionsBody,
}

/// The three words for presence that a sync may say; none for any other.
pub fn presence(word: Option<&str>) -> Option<PresenceState> {
    Some(match word {
        None | Some("online") => PresenceState::Online,
        Some("offline") => PresenceState::Offline,
        Some("unavailable") => PresenceState::Unavailable,
        Some(_) => return None,
    })
}
