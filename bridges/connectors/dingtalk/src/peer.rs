//! What the tests of this crate talk to.

use std::sync::Arc;

use bridge_api::{Secret, double::Script};

use crate::settings::{DingTalkSettings, Mode, Quotas, file_hosts_default};

/// The platform: without a script it gives tokens and says nothing else.
pub fn platform() -> Script {
    Script::new(|path, times| match path {
        "/v1.0/oauth2/accessToken" => format!(r#"{{"accessToken":"t{times}","expireIn":7200}}"#),
        _ => "{}".to_owned(),
    })
}

/// Settings of an app whose platform is at `base`.
pub fn settings(base: &str) -> DingTalkSettings {
    DingTalkSettings {
        api_url: base.parse().expect("an address"),
        old_api_url: base.parse().expect("an address"),
        client_id: "dingsimapp".into(),
        client_secret: Secret::new("secret"),
        robot_code: "dingsimapp".into(),
        mode: Mode::Stream,
        cool_app_code: None,
        card_template: None,
        operator: None,
        approval_centre: false,
        webhooks: Vec::new(),
        quotas: Quotas::default(),
        file_hosts: file_hosts_default(),
        authorities: Arc::new(rustls::RootCertStore::empty()),
    }
}
