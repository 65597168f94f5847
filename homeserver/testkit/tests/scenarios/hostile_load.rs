//! A flood of what nobody should send, at a real process: it answers, stays up, and its memory stays bounded.

use std::time::Duration;

use http::Method;
use testkit::{ServerProcess, User, free_port, segment};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Senders at the same time.
const SENDERS: usize = 8;

/// How often each sender goes through the whole table.
const ROUNDS: usize = 2;

/// Connections that send the begin of a body and then nothing.
const SLOW_BODIES: usize = 200;

/// Seconds after which this server cuts a slow body.
const BODY_TIMEOUT_SECONDS: u64 = 2;

/// What the flood may add to the resident memory at its peak, in kB: the bodies in progress at once, each at most 4 MiB
/// and at most sixteen times as large while it is parsed. All bodies together are more than that.
const PEAK_GROWTH_KB_MAX: u64 = SENDERS as u64 * 64 * 1024;

/// One figure of `/proc/<pid>/status`, in kB.
fn memory_kb(server: &ServerProcess, figure: &str) -> u64 {
    let id = server.id().expect("the server runs");
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process is there");
    let line = status.lines().find(|line| line.starts_with(figure)).expect("the system tells it");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// Bodies that are malformed, of a wrong type, too large, too deep, or hold numbers that no event may.
fn table() -> Vec<(&'static str, Vec<u8>)> {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let wide = format!("{{\"a\":[{}0]}}", "0,".repeat(1_500_000));
    let keys: Vec<String> = (0..200_000).map(|number| format!("\"k{number}\":0")).collect();
    vec![
        ("no JSON", b"{".to_vec()),
        ("no UTF-8", b"{\"body\":\"\xff\"}".to_vec()),
        ("a list", b"[1,2,3]".to_vec()),
        ("a float", b"{\"body\":1.5}".to_vec()),
        ("a huge integer", b"{\"body\":123456789012345678901234567890}".to_vec()),
        ("10,000 lists deep", deep.into_bytes()),
        ("10,000 objects deep", objects.into_bytes()),
        ("a list of 1,500,000", wide.into_bytes()),
        ("200,000 keys", format!("{{{}}}", keys.join(",")).into_bytes()),
        ("an event of 3 MB", format!("{{\"body\":\"{}\"}}", "x".repeat(3_000_000)).into_bytes()),
        ("a body of 8 MB", vec![b' '; 8_000_000]),
    ]
}

/// Sends the whole table to endpoints that read JSON, again and again; every answer must be a refusal.
async fn flood(user: User, room: String, sender: usize) {
    let table = table();
    for round in 0..ROUNDS {
        for (number, (what, body)) in table.iter().enumerate() {
            let txn = format!("{sender}-{round}-{number}");
            let places = [
                (
                    Method::PUT,
                    format!("/_matrix/client/v3/rooms/{}/send/m.room.message/{txn}", segment(&room)),
                ),
                (Method::POST, "/_matrix/client/v3/login".to_owned()),
            ];
            for (method, path) in places {
                let mut answer = user.request_raw(method, &path, Some(body.clone())).await;
                let refused = (400..500).contains(&answer.status());
                assert!(refused, "{what} at {path}: {answer}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_bad_bodies_leaves_memory_bounded() {
    let directory = tempfile::tempdir().expect("a folder");
    let mut server = ServerProcess::start(directory.path(), free_port(), "").await;
    let alice = server.user("alice").await;
    let room = alice.creates_room().await;
    // Buffers and caches that any first request fills are not what is measured.
    flood_once(&server, &room).await;
    let before_kb = memory_kb(&server, "VmRSS:");
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        senders.spawn(flood(server.user(&format!("sender{sender}")).await, room.clone(), sender));
    }
    while let Some(sender) = senders.join_next().await {
        sender.expect("every answer was a refusal");
    }
    let (after_kb, peak_kb) = (memory_kb(&server, "VmRSS:"), memory_kb(&server, "VmHWM:"));
    assert!(
        peak_kb < before_kb + PEAK_GROWTH_KB_MAX,
        "resident memory grew from {before_kb} kB to {peak_kb} kB at its peak, {after_kb} kB stay"
    );
    alice.sends(&room, "still here").await.ok();
    server.stop().await;
}

async fn flood_once(server: &ServerProcess, room: &str) {
    let user = server.user("first").await;
    for (_, body) in table() {
        let path = format!("/_matrix/client/v3/rooms/{}/send/m.room.message/once", segment(room));
        let mut answer = user.request_raw(Method::PUT, &path, Some(body)).await;
        assert!((400..500).contains(&answer.status()), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_are_cut_and_cost_little() {
    let directory = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let config = testkit::config_text(directory.path(), port)
        .replace("[listeners]\n", &format!("[listeners]\nbody_timeout_seconds = {BODY_TIMEOUT_SECONDS}\n"));
    let mut server = ServerProcess::prepare(directory.path(), port, "");
    std::fs::write(directory.path().join("lianqiao.toml"), config).expect("the configuration is written");
    server.spawn().await;
    let alice = server.user("alice").await;
    let room = alice.creates_room().await;
    let before_kb = memory_kb(&server, "VmRSS:");
    let mut slow = Vec::with_capacity(SLOW_BODIES);
    for _ in 0..SLOW_BODIES {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        let head = "POST /_matrix/client/v3/login HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.expect("the begin is sent");
        slow.push(stream);
    }
    alice.sends(&room, "not kept waiting").await.ok();
    let peak_kb = memory_kb(&server, "VmHWM:");
    assert!(
        peak_kb < before_kb + 64 * 1024,
        "{SLOW_BODIES} bodies that were announced and not sent cost {} kB",
        peak_kb - before_kb
    );
    for mut stream in slow {
        let mut answer = Vec::new();
        let mut piece = [0_u8; 4_096];
        let cut = async {
            while !answer.windows(12).any(|window| window == b"HTTP/1.1 408") {
                match stream.read(&mut piece).await {
                    Ok(read) if read > 0 => answer.extend_from_slice(&piece[..read]),
                    Ok(_) | Err(_) => break,
                }
            }
        };
        // Longer than any machine needs; what is tested is that the server, not the client, gives up.
        tokio::time::timeout(Duration::from_secs(60), cut).await.expect("the server cuts the body");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("M_UNKNOWN"), "{answer}");
    }
    alice.sends(&room, "still here").await.ok();
    server.stop().await;
}
