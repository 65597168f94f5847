//! Section `[bridges]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "bridges", validate = validate;
    /// Bridges carry messages between rooms and the conversations of other platforms. Invite `@bridge:your.server` into
    /// a room and write `!help`. Each platform has a section of its own. They run inside `lianqiao serve`, or by
    /// `lianqiao bridges` as a process of their own; both keep what they know in the data folder, in `bridges`.
    pub struct Bridges {
        /// Whether `lianqiao serve` runs the bridges to the platforms that are enabled. Set it to false to run
        /// `lianqiao bridges`.
        pub enabled: bool = true,
        /// Who may list every conversation and bind it to a room without being in it. Everybody else who moderates a
        /// room binds a conversation by a code that somebody says there.
        pub administrators: Vec<String> = Vec::new(),
        /// Whether a room is made for each group that an app is in and that is bound to none, as soon as something happens
        /// there. Colleagues who are in the group are invited; it stands in a space of the platform, or in that of their
        /// department.
        pub create_rooms: bool = false,
        /// For how many seconds a platform is down before messages that mention colleagues there, or are marked as
        /// important, go to the addresses that these proved to be theirs. Needs section `[mail]` of the homeserver; 0 for
        /// never.
        pub mail_after_seconds: u64 = 600,
        /// For how many seconds a platform is down, or takes nothing of what is sent to it, before its rooms are told. At most a day.
        pub outage_told_after_seconds: u64 = 60,
        /// Address at which people of the platforms reach `/_lianqiao/bridge/` of the process with the bridges, for links to files that
        /// a platform does not take: too large, or none at all. Without it `server.public_base_url`; without both the sender is told
        /// that such a file is not seen there.
        pub public_url: Option<String> = None => "\"https://chat.example.org\"",
        /// The ffmpeg that gives spoken words the form that a platform or a client plays (AMR, Opus), and reads the pictures of phones
        /// (HEIC, AVIF): a name is looked for in PATH when the bridges start. Without it, or when it is "", such words and pictures go as
        /// files.
        pub ffmpeg_path: String = "ffmpeg".to_owned(),
        /// Language of the names of people from elsewhere, and of notices: "zh" or "en".
        pub language: String = "zh".to_owned(),
        /// Where `lianqiao bridges` reaches the homeserver. Inside `lianqiao serve` the bridges find it themselves.
        pub server_url: String = "http://127.0.0.1:8008".to_owned(),
        /// Address and port where `lianqiao bridges` listens for the homeserver.
        pub listen: String = "127.0.0.1:8011".to_owned(),
    }
}

fn validate(section: &Bridges, problems: &mut Vec<Problem>) {
    if !matches!(section.language.as_str(), "zh" | "en") {
        report(problems, "bridges", "language", "must be \"zh\" or \"en\"");
    }
    if section.administrators.iter().any(|user| !user.starts_with('@') || !user.contains(':')) {
        report(problems, "bridges", "administrators", "must hold user ids like \"@li:example.org\"");
    }
    if !section.server_url.starts_with("http://") && !section.server_url.starts_with("https://") {
        report(problems, "bridges", "server_url", "must begin with http:// or https://");
    }
    if section.outage_told_after_seconds > 86_400 {
        report(problems, "bridges", "outage_told_after_seconds", "must be at most 86400");
    }
    let is_url = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    if section.public_url.as_ref().is_some_and(|url| !is_url(url)) {
        report(problems, "bridges", "public_url", "is no web address; start it with https://");
    }
    if section.listen.parse::<std::net::SocketAddr>().is_err() {
        report(problems, "bridges", "listen", "must be an address and a port, like 127.0.0.1:8011");
    }
}
