//! Section `[mail]`.

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// A plain connection that must change to TLS before anything is said.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None at all.
    None,
}

section! {
    name = "mail", validate = validate;
    /// E-mail: proving addresses, resetting passwords, telling of unread messages, asking for approvals, letting guests of meetings
    /// in by a code. Off without a host; then nobody from outside is let into a meeting. Links in mails begin with
    /// `server.public_base_url`, which must be set too.
    pub struct Mail {
        /// The SMTP server.
        pub host: Option<String> = None => "\"smtp.example.org\"",
        /// Its port; by custom 587 with starttls, 465 with tls, 25 with none.
        pub port: u16 = 587,
        /// "starttls", "tls", or "none" for a server on this machine.
        pub security: MailSecurity = MailSecurity::default(),
        /// User name at the SMTP server.
        pub user: Option<String> = None => "\"lianqiao\"",
        /// Password at the SMTP server.
        pub password: Option<String> = None => "\"a-secret\"",
        /// The sender.
        pub from: Option<String> = None => "\"Lianqiao <chat@example.org>\"",
        /// Whether a new account needs a proven address.
        pub address_required: bool = false,
        /// How long a message may stay unread before a mail tells of it.
        pub notification_delay_seconds: u64 = 600,
    }
}

fn validate(section: &Mail, problems: &mut Vec<Problem>) {
    if section.host.as_ref().is_some_and(String::is_empty) {
        report(problems, "mail", "host", "is empty; remove the line to send no mail");
    }
    if section.host.is_some() && !section.from.as_ref().is_some_and(|from| from.contains('@')) {
        report(problems, "mail", "from", "must be an address, for example \"Lianqiao <chat@example.org>\"");
    }
    if section.user.is_some() != section.password.is_some() {
        report(problems, "mail", "password", "goes with mail.user: set both or neither");
    }
    if section.address_required && section.host.is_none() {
        report(problems, "mail", "address_required", "needs mail.host");
    }
}
