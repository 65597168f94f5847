//! What an operator says of one app. Plain values; whoever makes the connector reads the configuration.

use std::sync::Arc;

use bridge_api::Secret;
use reqwest::Url;

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
