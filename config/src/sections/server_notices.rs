//! Section `[server_notices]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "server_notices", validate = validate;
    /// Notices of the operator to single users, sent by administrators or by programs.
    pub struct ServerNotices {
        /// Localpart of the account that sends them; not set, there are no notices.
        pub localpart: Option<String> = None => "\"notices\"",
        /// Display name of that account.
        pub display_name: Option<String> = None => "\"Server notices\"",
        /// Picture of that account, an mxc:// address.
        pub avatar_url: Option<String> = None => "\"mxc://example.org/notices\"",
        /// Name of the rooms in which users get them.
        pub room_name: String = "Server notices".to_owned(),
        /// Whether users are put into the room at once instead of invited.
        pub auto_join: bool = false,
    }
}

fn validate(section: &ServerNotices, problems: &mut Vec<Problem>) {
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._=-/+".contains(&byte);
    let is_name = |name: &String| !name.is_empty() && name.bytes().all(is_allowed);
    if section.localpart.as_ref().is_some_and(|name| !is_name(name)) {
        report(problems, "server_notices", "localpart", "may hold only a-z 0-9 . _ = - / +");
    }
    if section.avatar_url.as_ref().is_some_and(|url| !url.starts_with("mxc://")) {
        report(problems, "server_notices", "avatar_url", "must begin with mxc://");
    }
}
