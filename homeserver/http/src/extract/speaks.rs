//! What an application service may do for a person who lets it speak for them. Which events it may take back is looked at where
//! that is done: their own alone.

/// Whether a path is one of speaking: a message or a reaction, taking one back, coming into a room. No state, no account, no
/// keys, nothing to read.
#[must_use]
pub fn is_speaking(path: &str) -> bool {
    let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["_matrix", "client", _version, "rooms", _room, action, rest @ ..] => {
            matches!((*action, rest.len()), ("send" | "redact", 2) | ("join", 0))
        }
        _ => false,
    }
}

/// Whether what is sent at once or later is speaking. A redaction has an endpoint of its own, and what would be sent later
/// would be sent although the person took their word back.
#[must_use]
pub fn is_said_now(kind: &str, is_delayed: bool) -> bool {
    kind != "m.room.redaction" && !is_delayed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_speaks_for_somebody_does_nothing_else() {
        for (path, is_so) in [
            ("/_matrix/client/v3/rooms/!r:x/send/m.room.message/1", true),
            ("/_matrix/client/v3/rooms/!r:x/redact/$e/1", true),
            ("/_matrix/client/v3/rooms/!r:x/join", true),
            ("/_matrix/client/v3/rooms/!r:x/state/m.room.name/", false),
            ("/_matrix/client/v3/rooms/!r:x/leave", false),
            ("/_matrix/client/v3/rooms/!r:x/messages", false),
            ("/_matrix/client/v3/account/password", false),
            ("/_matrix/client/v3/keys/upload", false),
            ("/_matrix/client/v3/sync", false),
            ("/_synapse/admin/v2/users", false),
            ("/_matrix/client/v3/rooms/!r:x/join/send", false),
        ] {
            assert_eq!(is_speaking(path), is_so, "{path}");
        }
    }
}
