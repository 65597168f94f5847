//! `lianqiao backup` and `lianqiao restore`, and what clients meet after one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use testkit::{ServerProcess, SigningKey, User, free_port, lianqiao_binary};

use crate::accounts::{login, whoami};

const SLIDING: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

pub(crate) async fn succeeds(server: &ServerProcess, arguments: &[&str]) -> String {
    let (succeeded, said) = server.commands(arguments).await;
    assert!(succeeded, "{arguments:?}: {said}");
    said
}

async fn fails(server: &ServerProcess, arguments: &[&str], because: &str) -> String {
    let (succeeded, said) = server.commands(arguments).await;
    assert!(!succeeded, "{arguments:?}: {said}");
    assert!(said.contains(because), "{arguments:?} should say {because:?}: {said}");
    said
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) async fn said_in(user: &User, room: &str) -> Vec<String> {
    let history = user.whole_history(room).await;
    history.iter().filter_map(|event| event["content"]["body"].as_str()).map(str::to_owned).collect()
}

async fn slides(user: &User, pos: Option<&str>) -> testkit::Answer {
    let pos = pos.map(|pos| format!("&pos={pos}")).unwrap_or_default();
    let lists = json!({ "lists": { "all": {
        "ranges": [[0, 9]], "timeline_limit": 10, "required_state": [],
    }}});
    user.post(&format!("{SLIDING}?timeout=0{pos}"), lists).await
}

/// One answer of classic sync from a token, without moving the user's own.
async fn syncs_from(user: &User, since: &str, timeout_ms: u64) -> Value {
    user.get(&format!("/_matrix/client/v3/sync?since={since}&timeout={timeout_ms}")).await.ok()
}

fn keys_left(sync: &Value) -> Option<u64> {
    sync["device_one_time_keys_count"]["signed_curve25519"].as_u64()
}

/// Everything in a folder, by path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn t29_a_restored_backup_is_applied_once_and_promises_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(directory.path(), free_port(), "").await;
    let [alice, bob] = [server.user("alice").await, server.user("bob").await];
    let room = alice.creates_room_with([&bob]).await;
    alice.sends(&room, "kept").await.ok();
    let picture = alice.uploads(b"a kept picture", "application/x-kept", None).await;
    let signer = SigningKey::new(1);
    alice.uploads_keys_of(&signer, 3).await.ok();
    let mut fallback = json!({"key": SigningKey::new(7).public(), "fallback": true});
    signer.sign(&mut fallback, &alice.id, &alice.device_id);
    alice.uploads_keys(json!({"fallback_keys": {"signed_curve25519:FALLBACK": fallback}})).await.ok();
    let before = alice.syncs().await["next_batch"].as_str().unwrap().to_owned();

    let backups = directory.path().join("backups");
    let (one, two) = (backups.join("one"), backups.join("two"));
    let said = succeeds(&server, &["backup", text(&one)]).await;
    assert!(said.contains("is whole") && said.contains("homeserver: everything up to position"), "{said}");

    // The world goes on.
    let lost = alice.sends(&room, "lost").await.event_id();
    alice.sets_state(&room, "m.room.name", "", json!({"name": "a lost name"})).await.ok();
    let (given_out, _) = bob.claims_key(&alice).await.unwrap();
    let carol = server.user("carol").await;
    alice.waits_for_event(&room, &lost).await;
    let since = alice.since().unwrap();
    let slid = slides(&alice, None).await.ok();
    succeeds(&server, &["backup", text(&two)]).await;
    for backup in [&one, &two] {
        assert!(succeeds(&server, &["backup", "--verify", text(backup)]).await.contains("OK"));
    }
    let figures =
        reqwest::get(format!("{}/metrics", server.private_url())).await.unwrap().text().await.unwrap();
    assert!(figures.lines().any(|line| line.starts_with("backup_last_ok 1")), "{figures}");

    fails(&server, &["restore", text(&one), "--yes"], "stop it first").await;
    server.stop().await;
    let said = fails(&server, &["restore", text(&one)], "nothing was changed").await;
    assert!(said.contains("will be lost") && said.contains("now it is at position"), "{said}");
    let said = succeeds(&server, &["restore", text(&one), "--yes"]).await;
    let former = said.split_whitespace().find(|word| word.contains("before-restore")).unwrap();
    assert!(Path::new(former.trim_end_matches('.')).join("signing.key").exists(), "{said}");
    server.spawn().await;

    // What was in the backup is there, and nothing of later.
    assert_eq!(said_in(&alice, &room).await, ["kept"]);
    assert_eq!(alice.downloads(&picture).await.bytes, b"a kept picture".as_slice());
    whoami(&carol).await.fails_as(401, "M_UNKNOWN_TOKEN");
    login(&server.stranger(), "carol", carol.password()).await.fails_with("M_FORBIDDEN");

    // A token of before the backup goes on; one of later is answered at once with where the rooms stand now.
    let told = syncs_from(&alice, &before, 0).await;
    assert_eq!(keys_left(&told), Some(0));
    let told = syncs_from(&alice, &since, 30_000).await;
    let state = told["rooms"]["join"][&room]["state"]["events"].as_array().unwrap();
    assert!(state.iter().any(|event| event["type"] == "m.room.create"), "{told}");
    assert!(state.iter().all(|event| event["type"] != "m.room.name"), "{told}");
    let anew = told["next_batch"].as_str().unwrap().to_owned();
    slides(&alice, slid["pos"].as_str()).await.fails_as(400, "M_UNKNOWN_POS");
    let next = bob.sends(&room, "and on it goes").await.event_id();
    for token in [&before, &since, &anew] {
        let told = syncs_from(&alice, token, 0).await;
        let timeline = told["rooms"]["join"][&room]["timeline"]["events"].as_array().unwrap();
        assert!(timeline.iter().any(|event| event["event_id"] == next.as_str()), "{token}: {told}");
    }

    // No one-time key is given out again: only the fallback key is left, and it counts as used.
    let (key, _) = bob.claims_key(&alice).await.unwrap();
    assert_ne!(key, given_out);
    assert_eq!(key, "signed_curve25519:FALLBACK");
    let told = syncs_from(&alice, &before, 0).await;
    assert_eq!(told["device_unused_fallback_key_types"], json!([]));
    let newer = signer.one_time_keys(&alice.id, &alice.device_id, 10..12);
    alice.uploads_keys(json!({ "one_time_keys": newer })).await.ok();

    // The second start applies nothing: new keys stay, and tokens of since the restore go on where they were.
    server.restart().await;
    let told = syncs_from(&alice, &anew, 0).await;
    assert_eq!(keys_left(&told), Some(2));
    assert_eq!(told["rooms"]["join"][&room]["state"]["events"].as_array().map_or(0, Vec::len), 0);
    assert_eq!(said_in(&alice, &room).await, ["kept", "and on it goes"]);
    assert!(!directory.path().join("data/restored.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_while_no_server_runs_and_never_over_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(directory.path(), free_port(), "").await;
    let alice = server.user("alice").await;
    let room = alice.creates_room().await;
    alice.sends(&room, "kept").await.ok();
    server.stop().await;

    let backup = directory.path().join("backup");
    succeeds(&server, &["backup", text(&backup)]).await;
    for kept in ["manifest.json", "data/signing.key", "config/lianqiao.toml", "databases/homeserver/CURRENT"]
    {
        assert!(backup.join(kept).is_file(), "{kept}");
    }
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| fs::metadata(backup.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(""), mode("data/signing.key"), mode("config/lianqiao.toml")), (0o700, 0o600, 0o600));
    }
    let before = files(&backup);
    fails(&server, &["backup", text(&backup)], "exists already").await;
    assert_eq!(files(&backup), before);
    fails(&server, &["backup", text(&directory.path().join("data/inside"))], "choose another place").await;

    // Restored where nothing is any more.
    fs::remove_dir_all(directory.path().join("data")).unwrap();
    fails(&server, &["backup", text(&directory.path().join("nothing"))], "nothing to back up").await;
    assert!(!directory.path().join("nothing").exists());
    succeeds(&server, &["restore", text(&backup), "--yes"]).await;
    server.spawn().await;
    assert_eq!(said_in(&alice, &room).await, ["kept"]);
    alice.sends(&room, "new").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_or_foreign_backup_is_not_restored() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(directory.path(), free_port(), "").await;
    let alice = server.user("alice").await;
    let room = alice.creates_room().await;
    server.stop().await;
    let backup = directory.path().join("backup");
    succeeds(&server, &["backup", text(&backup)]).await;

    // A flipped bit in any file is found, in the manifest too.
    for name in ["data/signing.key", "databases/homeserver/CURRENT", "manifest.json"] {
        let path = backup.join(name);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(&path, &flipped).unwrap();
        fails(&server, &["backup", "--verify", text(&backup)], name).await;
        fails(&server, &["restore", text(&backup), "--yes"], name).await;
        fs::write(&path, &whole).unwrap();
    }
    let signing_key = backup.join("data/signing.key");
    let hidden = directory.path().join("hidden");
    fs::rename(&signing_key, &hidden).unwrap();
    fails(&server, &["backup", "--verify", text(&backup)], "data/signing.key cannot be read").await;
    fs::rename(&hidden, &signing_key).unwrap();
    fs::write(backup.join("data/smuggled"), "in").unwrap();
    fails(&server, &["restore", text(&backup), "--yes"], "was not in the backup").await;
    fs::remove_file(backup.join("data/smuggled")).unwrap();
    fails(&server, &["restore", text(directory.path()), "--yes"], "no backup of this program").await;

    server.set_environment("LIANQIAO__SERVER__NAME", "other.example");
    fails(&server, &["restore", text(&backup), "--yes"], "this is a backup of test.example").await;
    server.set_environment("LIANQIAO__SERVER__NAME", "test.example");

    // After all of this the data are as they were.
    server.spawn().await;
    alice.sends(&room, "untouched").await.ok();
    assert_eq!(said_in(&alice, &room).await, ["untouched"]);
}

/// The system refuses to write more than a few blocks to a file, as a full disk would.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_cannot_be_written_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path(), free_port(), "").await;
    let alice = server.user("alice").await;
    let room = alice.creates_room().await;
    let backups = directory.path().join("backups");
    let command = "trap '' XFSZ; ulimit -f 4; exec \"$0\" backup \"$1\"";
    let output = Command::new("sh")
        .args(["-c", command, lianqiao_binary().to_str().unwrap(), text(&backups.join("small"))])
        .env("LIANQIAO_CONFIG", directory.path().join("lianqiao.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("cannot"), "{said}");
    assert_eq!(files(&backups), Vec::<PathBuf>::new());
    assert!(!backups.join("small").exists());
    // The server has not noticed, and the next backup is whole.
    alice.sends(&room, "on it goes").await.ok();
    succeeds(&server, &["backup", text(&backups.join("whole"))]).await;
    succeeds(&server, &["backup", "--verify", text(&backups.join("whole"))]).await;
}
