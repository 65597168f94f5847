//! `lianqiao appservice …` and registrations that are wrong.

use serde_json::json;
use testkit::{
    Bridge, ServerProcess, free_port,
    limits::{LOOK_INTERVAL, WORK_PATIENCE},
};
use tokio::time::Instant;

use super::{CLIENT, process, register};

#[tokio::test(flavor = "multi_thread")]
async fn registrations_come_and_go_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (irc, xmpp) = (Bridge::start("irc").await, Bridge::start("xmpp").await);
    let server = ServerProcess::start(directory.path(), free_port(), "").await;
    let file = directory.path().join("irc.yaml");
    std::fs::write(&file, irc.registration("")).unwrap();
    let whoami = async |token: &str| {
        server.stranger().with_token(token).get(&format!("{CLIENT}/account/whoami")).await.status()
    };
    assert_eq!(whoami("as-irc").await, 401);
    let (succeeded, said) = server.commands(&["appservice", "add", file.to_str().unwrap()]).await;
    assert!(succeeded && said.contains("irc  @ircbot:test.example"), "{said}");
    assert_eq!(whoami("as-irc").await, 200);

    let folder = directory.path().join("data/appservices");
    std::fs::write(folder.join("broken.yaml"), "id: [").unwrap();
    std::fs::write(folder.join("xmpp.yaml"), xmpp.registration("")).unwrap();
    let (succeeded, said) = server.commands(&["appservice", "reload"]).await;
    assert!(succeeded && said.contains("NOT IN USE") && said.contains("broken.yaml"), "{said}");
    assert_eq!((whoami("as-irc").await, whoami("as-xmpp").await), (200, 200));
    let alice = server.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    server.stranger().with_token("as-xmpp").post(&format!("{CLIENT}/join/{room}"), json!({})).await.ok();
    let event = alice.sends(&room, "hello").await.event_id();
    xmpp.hears_of(&event).await;

    let (succeeded, said) = server.commands(&["appservice", "ping", "xmpp"]).await;
    assert!(succeeded && said.contains("It answered in"), "{said}");
    let (succeeded, said) = server.commands(&["appservice", "ping", "nobody"]).await;
    assert!(!succeeded && said.contains("no application service"), "{said}");
    std::fs::write(&file, irc.registration("").replace("as-irc", "as-xmpp")).unwrap();
    let (succeeded, said) = server.commands(&["appservice", "add", file.to_str().unwrap()]).await;
    assert!(!succeeded && said.contains("as_token"), "{said}");
    assert_eq!(whoami("as-irc").await, 200, "the one in use stays");

    std::fs::remove_file(folder.join("xmpp.yaml")).unwrap();
    server.commands(&["appservice", "reload"]).await;
    assert_eq!(whoami("as-xmpp").await, 401);
    let (_, said) = server.commands(&["appservice", "list"]).await;
    assert!(said.contains("irc  @ircbot") && !said.contains("xmpp"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_misses_because_too_much_waits_for_it_is_told() {
    let (bridge, directory) = (Bridge::start("irc").await, tempfile::tempdir().unwrap());
    let more = "queue_rows_max = 100\n";
    let (mut server, alice, room, service) = process(&bridge, directory.path(), more).await;
    let (_, said) = server.commands(&["appservice", "list"]).await;
    assert!(!said.contains("MISSED"), "{said}");
    bridge.is_down(true);
    let before = bridge.transactions().len();
    let mut sent = vec![alice.sends(&room, "frozen").await.event_id()];
    bridge.waits_until("a try", |bridge| bridge.transactions().len() > before).await;
    for number in 0..130 {
        sent.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    let missed = async |server: &ServerProcess| {
        for _ in 0..100 {
            let (_, said) = server.commands(&["appservice", "list"]).await;
            if said.contains("100 waiting  MISSED 30 of the time from ") {
                return;
            }
        }
        panic!("the list does not say what was missed: {:?}", server.commands(&["appservice", "list"]).await);
    };
    missed(&server).await;
    // It is known after a restart, and the rest comes in order.
    server.kill();
    server.restart().await;
    missed(&server).await;
    bridge.is_down(false);
    service.post("/_matrix/client/v1/appservice/irc/ping", json!({})).await.ok();
    bridge.hears_of(sent.last().unwrap()).await;
    let heard = bridge.events();
    let heard: Vec<_> = heard.iter().filter_map(|event| event["event_id"].as_str()).collect();
    let heard: Vec<_> = heard.into_iter().filter(|event| sent.iter().any(|sent| sent == event)).collect();
    let expected: Vec<_> = sent.iter().take(1).chain(sent.iter().skip(31)).collect();
    assert_eq!(heard, expected);
}

/// What the metrics say of the service; nothing when they do not name it.
async fn gauge(server: &ServerProcess, name: &str) -> Option<f64> {
    let text = reqwest::get(format!("{}/metrics", server.private_url())).await.unwrap().text().await.unwrap();
    let of = format!("{name}{{service=\"irc\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&of)?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_service_is_behind_stands_in_the_metrics() {
    let (bridge, directory) = (Bridge::start("irc").await, tempfile::tempdir().unwrap());
    let (server, alice, room, service) = process(&bridge, directory.path(), "").await;
    let until = async |is_met: fn(f64, f64) -> bool| {
        let begin = Instant::now();
        loop {
            let of = (
                gauge(&server, "appservice_lag_seconds").await,
                gauge(&server, "appservice_queue_rows").await,
            );
            if matches!(of, (Some(lag), Some(rows)) if is_met(lag, rows)) {
                return;
            }
            assert!(begin.elapsed() < WORK_PATIENCE, "{of:?}");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    };
    until(|lag, rows| lag < 0.001 && rows < 0.5).await;
    bridge.is_down(true);
    let before = bridge.transactions().len();
    alice.sends(&room, "frozen").await.ok();
    bridge.waits_until("a try", |bridge| bridge.transactions().len() > before).await;
    // What comes while a transaction is frozen waits behind it.
    let last = alice.sends(&room, "behind it").await.event_id();
    until(|lag, rows| lag > 0.0 && rows >= 1.0).await;
    bridge.is_down(false);
    service.post("/_matrix/client/v1/appservice/irc/ping", json!({})).await.ok();
    bridge.hears_of(&last).await;
    until(|lag, rows| lag < 0.001 && rows < 0.5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_whatever_the_registrations_are() {
    let bridge = Bridge::start("irc").await;
    let fine = bridge.registration("");
    let w = testkit::World::configured(move |config| {
        register(config, "1", "\u{0}not yaml: [");
        register(config, "2", &fine);
        register(config, "3", &fine.replace("as-irc", "other").replace("hs-irc", "another"));
        config.appservices.registrations = vec!["/nowhere/at/all".to_owned()];
    })
    .await;
    let path = format!("{CLIENT}/account/whoami");
    assert_eq!(bridge.client(&w).get(&path).await.ok()["user_id"], "@ircbot:test.example");
    w.stranger().with_token("other").get(&path).await.fails_as(401, "M_UNKNOWN_TOKEN");
    w.user("alice").await.creates_room().await;
}
