//! The configuration file: one module per section, its comments are the manual.
//!
//! Every setting has a default and a comment; the comment is the doc comment of the field, printed by
//! [`example`]. So manual, defaults and checks cannot disagree. This crate reads no file and no
//! environment: the binary hands both over as text. Only binaries import it, and pass plain values on.

mod example;
mod load;
mod section;
mod sections;

pub use example::example;
pub use load::{ConfigError, load};
pub use section::{Field, Problem, Section};
pub use sections::{
    Acme, ActionRate, Appservices, Bots, Bridges, Clients, Database, DatabaseEngine, DingTalk,
    DingTalkWebhook, Federation, FederationPeer, FederationPolicy, Feishu, IdentityProvider, Listeners,
    LogFormat, Logging, Mail, MailSecurity, Mailbox, Media, MediaStorage, Meetings, Metrics, Outbound,
    Passwords, PeerKind, PolicyServer, Presence, Proxies, Push, RateLimits, Registration, Rooms, Rtc, Server,
    ServerNotices, SingleSignOn, Tls, Turn, UrlPreviews, UserDirectory, WeCom,
};
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who this server is.
    pub server: Server,
    /// Where it listens.
    pub listeners: Listeners,
    /// Certificates from files.
    pub tls: Tls,
    /// Certificates from an authority.
    pub acme: Acme,
    /// Reverse proxies in front.
    pub proxies: Proxies,
    /// Where data is kept.
    pub database: Database,
    /// Who may register.
    pub registration: Registration,
    /// How passwords are stored.
    pub passwords: Passwords,
    /// Identity providers.
    pub single_sign_on: SingleSignOn,
    /// Rooms.
    pub rooms: Rooms,
    /// Presence.
    pub presence: Presence,
    /// Notices to users.
    pub server_notices: ServerNotices,
    /// The TURN server for calls.
    pub turn: Turn,
    /// Who is found in the user directory.
    pub user_directory: UserDirectory,
    /// Calls.
    pub rtc: Rtc,
    /// What clients are told about this server.
    pub clients: Clients,
    /// Uploaded files.
    pub media: Media,
    /// URL previews.
    pub url_previews: UrlPreviews,
    /// Rate limits.
    pub rate_limits: RateLimits,
    /// Connections to the outside.
    pub outbound: Outbound,
    /// Other Matrix servers.
    pub federation: Federation,
    /// This server as the policy server of rooms.
    pub policy_server: PolicyServer,
    /// Bridges and bots.
    pub appservices: Appservices,
    /// Our own bots.
    pub bots: Bots,
    /// Our own bridges.
    pub bridges: Bridges,
    /// The bridge to Feishu.
    pub feishu: Feishu,
    /// The bridge to DingTalk.
    pub dingtalk: DingTalk,
    /// The bridge to WeCom.
    pub wecom: WeCom,
    /// The meetings bot.
    pub meetings: Meetings,
    /// Push notifications.
    pub push: Push,
    /// E-mail.
    pub mail: Mail,
    /// The mailbox that answers to invitations come to.
    pub mailbox: Mailbox,
    /// Logs.
    pub logging: Logging,
    /// Metrics.
    pub metrics: Metrics,
}

impl Config {
    /// Every section with its fields and current values, in the order of the file.
    pub fn sections(&self) -> Vec<&dyn Section> {
        vec![
            &self.server,
            &self.listeners,
            &self.tls,
            &self.acme,
            &self.proxies,
            &self.database,
            &self.registration,
            &self.passwords,
            &self.single_sign_on,
            &self.rooms,
            &self.presence,
            &self.server_notices,
            &self.turn,
            &self.user_directory,
            &self.rtc,
            &self.clients,
            &self.media,
            &self.url_previews,
            &self.rate_limits,
            &self.outbound,
            &self.federation,
            &self.policy_server,
            &self.appservices,
            &self.bots,
            &self.bridges,
            &self.feishu,
            &self.dingtalk,
            &self.wecom,
            &self.meetings,
            &self.push,
            &self.mail,
            &self.mailbox,
            &self.logging,
            &self.metrics,
        ]
    }

    /// Everything that is wrong with the values, and what to do about it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for section in self.sections() {
            section.check(&mut problems);
        }
        sections::check_across(self, &mut problems);
        problems
    }
}
