//! What an operator says of one app. Plain values; whoever makes the connector reads the configuration.

use std::{sync::Arc, time::Duration};

use bridge_api::Secret;
use reqwest::Url;

use crate::limits::{MEETINGS_READ_EVERY, TODOS_READ_EVERY};

/// One self-built app at Feishu, Lark, or a private deployment of it.
#[derive(Clone, Debug)]
pub struct FeishuSettings {
    /// Where the open platform answers, for example `https://open.feishu.cn`. Every path is below it.
    pub base_url: Url,
    /// The app's id (`cli_…`).
    pub app_id: String,
    /// The app's secret.
    pub app_secret: Secret,
    /// How events come.
    pub mode: Mode,
    /// The authorities that are believed over TLS.
    pub authorities: Arc<rustls::RootCertStore>,
    /// How often what was said in the last day is read again, [`crate::limits::READ_AGAIN_EVERY`] otherwise; none for never.
    pub read_again_every: Option<Duration>,
    /// What is kept in the platform's own apps.
    pub office: OfficeSettings,
}

/// How events come from the platform.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Over a connection that the connector opens. Needs no address of our own.
    LongConnection,
    /// By requests of the platform to an address of ours.
    Webhook {
        /// The text in each event by which the platform shows that it is the one.
        verification_token: Secret,
        /// The key by which events are encrypted and signed, when the app has one.
        encrypt_key: Option<Secret>,
    },
}

/// What is kept in the platform's own apps: approvals, tasks, meetings.
#[derive(Clone, Debug)]
pub struct OfficeSettings {
    /// How approvals of ours come into the approval centre; none when they shall not.
    pub approvals: Option<ApprovalCentre>,
    /// The codes of the native approvals of which colleagues are told, at most [`crate::limits::NATIVE_CODES_MAX`].
    pub native_codes: Vec<String>,
    /// How often answers to invitations are read, [`MEETINGS_READ_EVERY`] otherwise.
    pub meetings_every: Duration,
    /// How often open tasks are read beside the events that tell of them, [`TODOS_READ_EVERY`] otherwise.
    pub todos_every: Duration,
}

/// Approvals of ours in the platform's approval centre.
#[derive(Clone, Debug)]
pub struct ApprovalCentre {
    /// Where the platform tells what people decided: our own address for its callbacks.
    pub callback_url: Url,
    /// The text in each of them by which the platform shows that it is the one.
    pub token: Secret,
    /// The key by which they are encrypted, when there shall be one.
    pub key: Option<Secret>,
    /// What our kind of approval is called for ever, at most 128 bytes.
    pub code: String,
}

impl Default for OfficeSettings {
    fn default() -> Self {
        Self {
            approvals: None,
            native_codes: Vec::new(),
            meetings_every: MEETINGS_READ_EVERY,
            todos_every: TODOS_READ_EVERY,
        }
    }
}
