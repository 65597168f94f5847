//! `lianqiao user …` and `lianqiao search …`, beside a running server and without one.

use testkit::{ServerProcess, User, free_port, segment};

use crate::{
    accounts::{CLIENT, login, whoami},
    search::texts,
};

/// Looks at the index before it is taken as lost; each look waits for the index already.
const LOOKS_MAX: usize = 100;

async fn succeeds(server: &ServerProcess, arguments: &[&str]) -> String {
    let (succeeded, said) = server.commands(arguments).await;
    assert!(succeeded, "{arguments:?}: {said}");
    said
}

async fn finds(user: &User, term: &str) -> Vec<String> {
    for _ in 0..LOOKS_MAX {
        let found = texts(user, term).await;
        if !found.is_empty() {
            return found;
        }
        user.syncs_with("timeout=100").await;
    }
    Vec::new()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_locked_and_suspended_beside_the_running_server() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path(), free_port(), "").await;
    let alice = server.user("alice").await;
    let room = alice.creates_room().await;

    assert!(succeeds(&server, &["user", "lock", "alice"]).await.contains("@alice:test.example is locked."));
    whoami(&alice).await.fails_as(401, "M_USER_LOCKED");
    assert!(succeeds(&server, &["user", "list"]).await.contains("@alice:test.example  locked"));
    succeeds(&server, &["user", "unlock", "@alice:test.example"]).await;
    whoami(&alice).await.ok();

    succeeds(&server, &["user", "suspend", "alice"]).await;
    alice.sends(&room, "unheard").await.fails_as(403, "M_USER_SUSPENDED");
    assert!(succeeds(&server, &["user", "list"]).await.contains("@alice:test.example  suspended"));
    succeeds(&server, &["user", "unsuspend", "alice"]).await;
    alice.sends(&room, "heard").await.ok();

    for wrong in ["nobody", "@alice:elsewhere.example", "not a name"] {
        let (succeeded, said) = server.commands(&["user", "lock", wrong]).await;
        assert!(!succeeded, "{wrong}: {said}");
    }

    succeeds(&server, &["user", "create", "root", "--admin", "--password", "roots"]).await;
    let session = login(&server.stranger(), "root", "roots").await.ok();
    let root = server.stranger().with_token(session["access_token"].as_str().unwrap());
    let audit = root.get("/_lianqiao/admin/v1/audit?dir=f&limit=100").await.ok();
    let acts: Vec<(&str, &str, &str)> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            (text("actor"), text("action"), text("target"))
        })
        .collect();
    for act in ["lock", "unlock", "suspend", "unsuspend"] {
        let expected = format!("user {act}");
        assert!(
            acts.iter().any(|(actor, action, _)| (*actor, *action) == ("operator", &expected)),
            "{acts:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_locked_and_closed_while_no_server_runs() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(directory.path(), free_port(), "").await;
    let [alice, bob] = [server.user("alice").await, server.user("bob").await];
    let room = bob.creates_room_with([&alice]).await;
    server.stop().await;
    succeeds(&server, &["user", "suspend", "alice"]).await;
    succeeds(&server, &["user", "lock", "bob"]).await;
    let list = succeeds(&server, &["user", "list"]).await;
    assert!(list.contains("@alice:test.example  suspended") && list.contains("@bob:test.example  locked"));
    server.spawn().await;
    whoami(&bob).await.fails_as(401, "M_USER_LOCKED");
    alice.sends(&room, "unheard").await.fails_as(403, "M_USER_SUSPENDED");

    server.stop().await;
    succeeds(&server, &["user", "unlock", "bob"]).await;
    succeeds(&server, &["user", "deactivate", "alice"]).await;
    server.spawn().await;
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");
    login(&server.stranger(), "alice", alice.password()).await.fails_as(403, "M_USER_DEACTIVATED");
    let members = bob.get(&format!("{CLIENT}/rooms/{}/joined_members", segment(&room))).await.ok();
    assert_eq!(members["joined"].as_object().unwrap().keys().collect::<Vec<_>>(), [&bob.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_index_is_made_anew_with_and_without_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(directory.path(), free_port(), "").await;
    let alice = server.user("alice").await;
    let room = alice.creates_room().await;
    let gone = alice.sends(&room, "a lost pangolin").await.event_id();
    alice.sends(&room, "a found pangolin").await.ok();
    alice.redacts(&room, &gone).await.ok();
    assert_eq!(finds(&alice, "pangolin").await, ["a found pangolin"]);

    assert!(succeeds(&server, &["search", "rebuild"]).await.contains("anew"));
    assert_eq!(finds(&alice, "pangolin").await, ["a found pangolin"]);

    server.stop().await;
    let said = succeeds(&server, &["search", "rebuild"]).await;
    let held = said.split_whitespace().find_map(|word| word.parse::<u64>().ok());
    assert_eq!(held, Some(1), "{said}");
    server.spawn().await;
    assert_eq!(finds(&alice, "pangolin").await, ["a found pangolin"]);
    let (succeeded, said) = server.commands(&["search", "forget"]).await;
    assert!(!succeeded, "{said}");
}
