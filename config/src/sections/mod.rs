//! The sections, one file each, and the rules that span two of them.

mod acme;
mod appservices;
mod bots;
mod bridges;
mod clients;
mod database;
mod dingtalk;
mod federation;
mod feishu;
mod listeners;
mod logging;
mod mail;
mod mailbox;
mod media;
mod meetings;
mod metrics;
mod outbound;
mod passwords;
mod policy_server;
mod presence;
mod proxies;
mod push;
mod rate_limits;
mod registration;
mod rooms;
mod rtc;
mod server;
mod server_notices;
mod single_sign_on;
mod tls;
mod turn;
mod url_previews;
mod user_directory;
mod wecom;

pub use acme::Acme;
pub use appservices::Appservices;
pub use bots::Bots;
pub use bridges::Bridges;
pub use clients::Clients;
pub use database::{Database, DatabaseEngine};
pub use dingtalk::{DingTalk, DingTalkWebhook};
pub use federation::{Federation, FederationPeer, FederationPolicy, PeerKind};
pub use feishu::Feishu;
pub use listeners::Listeners;
pub use logging::{LogFormat, Logging};
pub use mail::{Mail, MailSecurity};
pub use mailbox::Mailbox;
pub use media::{Media, MediaStorage};
pub use meetings::Meetings;
pub use metrics::Metrics;
pub use outbound::Outbound;
pub use passwords::Passwords;
pub use policy_server::PolicyServer;
pub use presence::Presence;
pub use proxies::Proxies;
pub use push::Push;
pub use rate_limits::{ActionRate, RateLimits};
pub use registration::Registration;
pub use rooms::Rooms;
pub use rtc::Rtc;
pub use server::Server;
pub use server_notices::ServerNotices;
pub use single_sign_on::{IdentityProvider, SingleSignOn};
pub use tls::Tls;
pub use turn::Turn;
pub use url_previews::UrlPreviews;
pub use user_directory::UserDirectory;
pub use wecom::WeCom;

use std::net::IpAddr;

use crate::{Config, Problem, section::report};

/// Rules that need more than one section.
pub(crate) fn check_across(config: &Config, problems: &mut Vec<Problem>) {
    let has_certificate = config.tls.certificate_file.is_some() || config.acme.enabled;
    if !has_certificate && !config.listeners.client_tls.is_empty() {
        report(
            problems,
            "listeners",
            "client_tls",
            "needs a certificate: set tls.certificate_file and tls.private_key_file, or acme.enabled",
        );
    }
    if config.mail.host.is_some() && config.server.public_base_url.is_none() {
        report(problems, "mail", "host", "needs server.public_base_url, with which the links in mails begin");
    }
    if config.mailbox.host.is_some() && config.mail.host.is_none() {
        report(
            problems,
            "mailbox",
            "host",
            "needs mail.host, by which the invitations go out that are answered there",
        );
    }
    if config.single_sign_on.providers.is_some() && config.server.public_base_url.is_none() {
        report(
            problems,
            "single_sign_on",
            "providers",
            "needs server.public_base_url, to which providers send browsers back",
        );
    }
    if config.policy_server.enabled && config.server.policy_server_key.is_some() {
        report(
            problems,
            "server",
            "policy_server_key",
            "is the key of a policy server beside this one; remove it, or policy_server.enabled",
        );
    }
    if config.tls.certificate_file.is_some() && config.acme.enabled {
        report(problems, "acme", "enabled", "and tls.certificate_file exclude each other: remove one");
    }
}

/// Adds a problem for each text that is no `address:port`.
fn check_addresses(problems: &mut Vec<Problem>, section: &str, key: &str, addresses: &[String]) {
    for address in addresses {
        if address.parse::<std::net::SocketAddr>().is_err() {
            let advice =
                format!("`{address}` is no address; write for example \"127.0.0.1:8008\" or \"[::]:8008\"");
            report(problems, section, key, advice);
        }
    }
}

/// Adds a problem for each text that is neither an address nor a range of addresses.
fn check_ranges(problems: &mut Vec<Problem>, section: &str, key: &str, ranges: &[String]) {
    for range in ranges {
        let (address, length) = range.split_once('/').unwrap_or((range, "0"));
        let widest = address.parse::<IpAddr>().map(|address| if address.is_ipv4() { 32 } else { 128 });
        let good = widest.is_ok_and(|widest: u8| length.parse::<u8>().is_ok_and(|length| length <= widest));
        if !good {
            let advice = format!("`{range}` is no range; write for example \"10.0.0.0/8\" or \"::1\"");
            report(problems, section, key, advice);
        }
    }
}
