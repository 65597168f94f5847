//! Section `[server]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "server", validate = validate;
    /// Who this server is.
    pub struct Server {
        /// The part after the colon in every user id (@alice:example.org). It is written into all data
        /// and can never change. It needs no port and need not be the host that clients connect to.
        pub name: String = String::new(),
        /// Folder for the database, the signing key and the administration socket.
        pub data_directory: String = "./data".to_owned(),
        /// Address that clients reach this server at, told in /.well-known/matrix/client. Needed when
        /// the server name is not the host name.
        pub public_base_url: Option<String> = None => "\"https://matrix.example.org\"",
        /// `host:port` that other servers reach this server at, told in /.well-known/matrix/server.
        pub well_known_server: Option<String> = None => "\"matrix.example.org:443\"",
        /// Whom to ask for help, told in /.well-known/matrix/support: Matrix ids or mail addresses.
        pub support_contacts: Vec<String> = Vec::new(),
        /// Web page for help, told in /.well-known/matrix/support.
        pub support_page: Option<String> = None => "\"https://example.org/help\"",
        /// Public ed25519 key (unpadded base64) of a policy server that runs beside this server under its name, told
        /// to others in /.well-known/matrix/policy_server. For this server's own see the section policy_server.
        pub policy_server_key: Option<String> = None => "\"6yhHGKhCiXTSEN2ksjV7kX_N6rBQZ3Xb-M7LlC6NS-s\"",
    }
}

fn validate(section: &Server, problems: &mut Vec<Problem>) {
    let mut wrong = |key, advice: &str| report(problems, "server", key, advice);
    if section.name.is_empty() {
        wrong("name", "is not set; write the domain of your organisation, for example \"example.org\"");
    } else if !is_server_name(&section.name) {
        wrong("name", "is no server name; write a host name like \"example.org\", in lower case");
    }
    if section.data_directory.is_empty() {
        wrong("data_directory", "is empty; write a folder, for example \"./data\"");
    }
    for (key, url) in [("public_base_url", &section.public_base_url), ("support_page", &section.support_page)]
    {
        let is_url = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if url.as_ref().is_some_and(|url| !is_url(url)) {
            wrong(key, "is no web address; start it with https://");
        }
    }
    if section.support_contacts.iter().any(|contact| !contact.contains('@')) {
        wrong("support_contacts", "may hold Matrix ids (@admin:example.org) and mail addresses only");
    }
}

/// The grammar of server names, lower case only: host or address, then perhaps a port.
fn is_server_name(name: &str) -> bool {
    let (host, port) = match name.rfind(':') {
        Some(colon) if !name.ends_with(']') => (&name[..colon], Some(&name[colon + 1..])),
        _ => (name, None),
    };
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-';
    let is_bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_good = match is_bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.len() <= 230 && host.bytes().all(is_host_byte),
    };
    host_is_good && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::is_server_name;

    #[test]
    fn server_names_follow_the_grammar() {
        for good in ["example.org", "localhost", "a-b.c:8448", "1.2.3.4", "[::1]", "[::1]:80"] {
            assert!(is_server_name(good), "{good}");
        }
        for bad in ["", "Example.org", "a b", "a:", "a:port", "[::1", "a/b", "@a:b", "a:123456"] {
            assert!(!is_server_name(bad), "{bad}");
        }
    }
}
