//! A pusher, as its user sets it and as its user sees it.

use ruma::OwnedDeviceId;
use serde_json::{Map, Value};

use super::tables::{PusherKey, PusherRow};

/// How a pusher tells its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PusherKind {
    /// Through a push gateway.
    Http,
    /// By e-mail; the pushkey is the address.
    Email,
}

impl PusherKind {
    /// As the specification writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Email => "email",
        }
    }

    /// From the text of a request.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "http" => Some(Self::Http),
            "email" => Some(Self::Email),
            _ => None,
        }
    }
}

/// A pusher that a user sets.
#[derive(Clone, Debug)]
pub struct NewPusher {
    /// Names the application.
    pub app_id: String,
    /// Names the device towards the gateway, or the mailbox.
    pub pushkey: String,
    /// How it tells.
    pub kind: PusherKind,
    /// The application, for people.
    pub app_display_name: String,
    /// The device, for people.
    pub device_display_name: String,
    /// Tag of a set of rules.
    pub profile_tag: Option<String>,
    /// Preferred language.
    pub lang: String,
    /// What the gateway needs.
    pub data: Map<String, Value>,
    /// Whether it tells anything at present (MSC3881).
    pub enabled: bool,
    /// Whether other users may keep a pusher of this key.
    pub append: bool,
    /// The device that sets it.
    pub device: Option<OwnedDeviceId>,
}

/// A pusher as its user sees it.
#[derive(Clone, Debug)]
pub struct Pusher {
    /// Names the application.
    pub app_id: String,
    /// Names the device towards the gateway, or the mailbox.
    pub pushkey: String,
    /// `http` or `email`.
    pub kind: String,
    /// The application, for people.
    pub app_display_name: String,
    /// The device, for people.
    pub device_display_name: String,
    /// Tag of a set of rules.
    pub profile_tag: Option<String>,
    /// Preferred language.
    pub lang: String,
    /// What the gateway needs.
    pub data: Map<String, Value>,
    /// Whether it tells anything at present (MSC3881).
    pub enabled: bool,
    /// The device that set it (MSC3881).
    pub device: Option<OwnedDeviceId>,
}

impl Pusher {
    pub(super) fn new((_, app_id, pushkey): PusherKey, row: PusherRow) -> Self {
        let data = serde_json::from_str(&row.data).unwrap_or_default();
        let PusherRow {
            kind, app_display_name, device_display_name, profile_tag, lang, enabled, device, ..
        } = row;
        Self {
            app_id,
            pushkey,
            kind,
            app_display_name,
            device_display_name,
            profile_tag,
            lang,
            data,
            enabled,
            device,
        }
    }
}
