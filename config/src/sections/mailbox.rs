//! Section `[mailbox]`.

use super::MailSecurity;
use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "mailbox", validate = validate;
    /// The mailbox of `mail.from`, read over IMAP: what guests answer to invitations there counts as their answer. Nothing in
    /// it is changed. Off without a host.
    pub struct Mailbox {
        /// The IMAP server.
        pub host: Option<String> = None => "\"imap.example.org\"",
        /// Its port; by custom 993 with tls, 143 with starttls or none.
        pub port: u16 = 993,
        /// "tls", "starttls", or "none" for a server on this machine.
        pub security: MailSecurity = MailSecurity::Tls,
        /// User name at the IMAP server.
        pub user: String = String::new(),
        /// Password at the IMAP server.
        pub password: Option<String> = None => "\"a-secret\"",
        /// The folder that is read.
        pub folder: String = "INBOX".to_owned(),
        /// The name under which your mail server writes its findings into Authentication-Results, mostly its own host name. With
        /// it an answer counts only if that says dmarc=pass; without it your mail server has to refuse forged senders itself.
        pub vouched_by: Option<String> = None => "\"mx.example.org\"",
    }
}

fn validate(section: &Mailbox, problems: &mut Vec<Problem>) {
    let Some(host) = &section.host else { return };
    let mut wrong = |key, advice| report(problems, "mailbox", key, advice);
    if host.is_empty() {
        wrong("host", "is empty; remove the line to read no mailbox");
    }
    if section.user.is_empty() {
        wrong("user", "is the name with which to sign in at mailbox.host");
    }
    if section.password.as_ref().is_none_or(String::is_empty) {
        wrong("password", "is the password with which to sign in at mailbox.host");
    }
    if section.folder.is_empty() {
        wrong("folder", "must be a folder of the mailbox, mostly \"INBOX\"");
    }
}
