use std::sync::Arc;

use base::Clock;
use ruma::{ServerName, server_name};
use store::{Engine, Identity, MemoryKv};

use super::*;

async fn store(engine: Arc<dyn Engine>) -> Store {
    let identity = Identity::new(server_name!("our.org"), &Clock::fake(1));
    Store::open(engine, crate::tables(), identity, Vec::new()).await.unwrap()
}

async fn policy(settings: PolicySettings) -> Policy {
    let store = store(Arc::new(MemoryKv::new())).await;
    Policy::open(&store, server_name!("our.org").to_owned(), settings).await.unwrap()
}

fn listed(allowed: &[&str]) -> PolicySettings {
    let allowed = allowed.iter().map(|&name| name.to_owned()).collect();
    PolicySettings { mode: PolicyMode::Listed, allowed, ..PolicySettings::default() }
}

fn name(text: &str) -> &ServerName {
    text.try_into().unwrap()
}

#[tokio::test]
async fn each_mode_lets_in_whom_it_should() {
    let denied = vec!["*.evil.org".to_owned()];
    let table = [
        (PolicySettings { denied, ..PolicySettings::default() }, "a.org", true, "b.evil.org", false),
        (listed(&["*.sub.org", "partner.org"]), "x.sub.org:8448", true, "sub.org", false),
        (listed(&["*.sub.org", "partner.org"]), "PARTNER.org", true, "evilpartner.org", false),
        (listed(&[]), "our.org", true, "a.org", false),
        (PolicySettings { mode: PolicyMode::Closed, ..listed(&["*"]) }, "our.org", true, "a.org", false),
    ];
    for (settings, first, first_allowed, second, second_allowed) in table {
        let policy = policy(settings).await;
        assert_eq!(policy.allows(name(first)), first_allowed, "{first}");
        assert_eq!(policy.allows(name(second)), second_allowed, "{second}");
    }
}

#[tokio::test]
async fn the_first_rule_that_names_a_peer_counts() {
    let rule = |servers: &str, kind, presence| PeerRule {
        servers: servers.to_owned(),
        kind,
        presence,
        ..PeerRule::default()
    };
    let peers = vec![
        rule("lab.partner.org", PeerKind::Subsidiary, None),
        rule("*.partner.org", PeerKind::Partner, None),
        rule("chatty.org", PeerKind::Partner, Some(true)),
    ];
    let policy = policy(PolicySettings { peers, ..PolicySettings::default() }).await;
    let seen = |server: &str| {
        let terms = policy.terms(name(server)).unwrap();
        (terms.directory, terms.presence)
    };
    assert_eq!(seen("lab.partner.org"), (true, true));
    assert_eq!(seen("a.partner.org"), (false, false));
    assert_eq!(seen("chatty.org"), (false, true));
    assert_eq!(seen("other.org"), (true, true));
}

#[tokio::test]
async fn who_shares_no_rooms_with_us_is_asked_and_answered_about_other_things_only() {
    let rule = |servers: &str, rooms, presence| PeerRule {
        servers: servers.to_owned(),
        rooms,
        presence,
        ..PeerRule::default()
    };
    let peers = vec![rule("apart.org", Some(false), Some(true)), rule("quiet.org", None, Some(false))];
    let policy = policy(PolicySettings { peers, ..PolicySettings::default() }).await;
    let (apart, quiet) = (name("apart.org"), name("quiet.org"));
    assert!(!policy.shares_rooms(apart) && !policy.shares_presence(apart));
    assert!(policy.shares_rooms(quiet) && !policy.shares_presence(quiet));
    let table = [
        ("/_matrix/federation/v1/query/profile", true),
        ("/_matrix/federation/v1/publicRooms", true),
        ("/_matrix/federation/v1/media/download/x", true),
        ("/_matrix/key/v2/server", true),
        ("/_matrix/federation/v1/send/1", false),
        ("/_matrix/federation/v2/invite/!r/$e", false),
        ("/_matrix/federation/v1/user/keys/query", false),
        ("/_matrix/policy/v1/sign", false),
        ("/_matrix/federation/v9/what_is_not_yet_known", false),
    ];
    for (path, without_rooms) in table {
        assert_eq!(policy.allows_path(apart, path), without_rooms, "{path}");
        assert!(policy.allows_path(quiet, path), "{path}");
    }
}

#[tokio::test]
async fn what_an_administrator_set_survives_a_restart_and_a_reload_until_it_is_taken_back() {
    let engine: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    let first = store(Arc::clone(&engine)).await;
    let open = |store: Store| async move {
        Policy::open(&store, server_name!("our.org").to_owned(), PolicySettings::default()).await.unwrap()
    };
    let policy = open(first.clone()).await;
    policy.set(Some(listed(&["friend.org"]))).await.unwrap();
    assert!(!policy.allows(name("a.org")));
    first.close().await;

    let policy = open(store(engine).await).await;
    assert!(!policy.allows(name("a.org")) && policy.allows(name("friend.org")));
    policy.reconfigure(listed(&["a.org"]));
    assert!(!policy.allows(name("a.org")));
    policy.set(None).await.unwrap();
    assert!(policy.allows(name("a.org")) && !policy.allows(name("friend.org")));
}

#[test]
fn names_that_match_nothing_are_found() {
    for wrong in ["", "a b", "https://a.org", "a.org/x"] {
        assert!(listed(&[wrong]).check().is_err(), "{wrong}");
    }
    assert_eq!(listed(&["*.a.org", "[::1]:8448"]).check(), Ok(()));
}
