//! Server access control lists. <https://spec.matrix.org/v1.19/client-server-api/#mroomserver_acl>

use std::net::{IpAddr, Ipv4Addr};

use ruma::ServerName;
use serde::Deserialize;
use serde_json::Value;

use crate::{glob::Glob, limits::ACL_ENTRIES_MAX};

/// A compiled ACL. Compile once per event, ask often.
#[derive(Clone, Debug)]
pub struct ServerAcl {
    allow: Vec<Glob>,
    deny: Vec<Glob>,
    allow_ip_literals: bool,
}

impl ServerAcl {
    /// Reads the content of `m.room.server_acl`. Entries that are no strings are skipped; an `allow` that is
    /// missing or no list allows nobody, as the spec says.
    #[must_use]
    pub fn new(content: &str) -> Self {
        #[derive(Deserialize)]
        struct Content {
            #[serde(default)]
            allow: Value,
            #[serde(default)]
            deny: Value,
            #[serde(default)]
            allow_ip_literals: Value,
        }
        let content = serde_json::from_str::<Content>(content).ok();
        let globs = |list: Option<&Value>| {
            list.and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .filter(|pattern| pattern.len() <= 255)
                .take(ACL_ENTRIES_MAX)
                // Server names compare case-insensitively (MSC4436).
                .map(|pattern| Glob::new(&pattern.to_lowercase()))
                .collect()
        };
        Self {
            allow: globs(content.as_ref().map(|content| &content.allow)),
            deny: globs(content.as_ref().map(|content| &content.deny)),
            allow_ip_literals: content
                .as_ref()
                .and_then(|content| content.allow_ip_literals.as_bool())
                .unwrap_or(true),
        }
    }

    /// Whether the server may take part.
    #[must_use]
    pub fn allows(&self, server: &ServerName) -> bool {
        let host = host(server.as_str()).to_lowercase();
        if !self.allow_ip_literals && is_ip_literal(&host) {
            return false;
        }
        let matches = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(&host));
        !matches(&self.deny) && matches(&self.allow)
    }
}

/// The name without its port; ports never count.
fn host(server: &str) -> &str {
    match server.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => server,
    }
}

fn is_ip_literal(host: &str) -> bool {
    host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok() || host.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use ruma::OwnedServerName;
    use serde_json::json;

    use super::*;

    fn allows(acl: &Value, server: &str) -> bool {
        ServerAcl::new(&acl.to_string()).allows(&OwnedServerName::try_from(server).unwrap())
    }

    #[test]
    fn t17_lists_are_evaluated_as_the_spec_says_in_any_case() {
        let open = json!({"allow": ["*"], "deny": ["*.evil.org", "evil.org"]});
        let loud = json!({"allow": ["*"], "deny": ["*.QUIET.org"]});
        let table = [
            (&open, "good.org", true),
            (&open, "good.org:8448", true),
            (&open, "evil.org", false),
            (&open, "EVIL.org:443", false),
            (&open, "a.b.Evil.Org", false),
            (&loud, "a.quiet.org", false),
            (&open, "notevil.org", true),
            (&open, "1.2.3.4", true),
        ];
        for (acl, server, expected) in table {
            assert_eq!(allows(acl, server), expected, "{server}");
        }
    }

    #[test]
    fn ip_literals_can_be_shut_out() {
        let acl = json!({"allow": ["*"], "allow_ip_literals": false});
        for server in ["1.2.3.4", "1.2.3.4:8448", "[::1]", "[2001:db8::1]:8448"] {
            assert!(!allows(&acl, server), "{server}");
        }
        assert!(allows(&acl, "1.2.3.4.example.org"));
        assert!(allows(&json!({"allow": ["*"], "allow_ip_literals": "no"}), "1.2.3.4"));
    }

    #[test]
    fn malformed_lists_allow_nobody_or_skip_what_is_odd() {
        assert!(!allows(&json!({}), "good.org"));
        assert!(!allows(&json!({"allow": "*"}), "good.org"));
        assert!(!allows(&json!([]), "good.org"));
        assert!(allows(&json!({"allow": [7, null, "*"], "deny": {"a": 1}}), "good.org"));
    }

    #[test]
    fn t17_thousands_of_hostile_globs_are_cheap() {
        let globs: Vec<_> = (0..5_000).map(|n| format!("{}{n}", "*a".repeat(60))).collect();
        let acl = ServerAcl::new(&json!({"allow": ["*"], "deny": globs}).to_string());
        let server = OwnedServerName::try_from(format!("{}.org", "a".repeat(60))).unwrap();
        assert!(acl.allows(&server));
    }
}
