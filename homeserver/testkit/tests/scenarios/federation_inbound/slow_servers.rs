//! Servers that let us wait delay their own events alone.

use serde_json::json;
use testkit::limits::LOOK_INTERVAL;
use testkit::{Neighbourhood, Peer};

use super::meeting::meeting_among;

/// Rooms in which one server is waited for, as many as may be.
const WAITED_FOR: usize = 4;

#[tokio::test]
async fn a_server_that_lets_us_wait_delays_its_own_events_alone() {
    let neighbourhood = Neighbourhood::new(&["a", "eve", "mo"]);
    let mut meeting = meeting_among(&neighbourhood, "11").await;
    let other = Peer::start(&neighbourhood, "mo").await;
    let mut branch = other.joins(&meeting.world, &meeting.room, "mo").await;
    let (missing, _) = meeting.branch.says(&meeting.peer, &meeting.eve, "not sent");
    let (slow, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "stands on what was not sent");
    meeting.peer.holds("get_missing_events");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.peer.waits_to_be_asked("get_missing_events").await;
    let (later, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "waits behind it");
    meeting.peer.sends(&meeting.world, [&event]).await;
    for text in ["one", "two"] {
        let (id, event) = branch.says(&other, &other.user("mo"), text);
        other.sends(&meeting.world, [&event]).await;
        meeting.alice.waits_for_event(&meeting.room, &id).await;
    }
    for id in [&missing, &slow, &later] {
        assert!(!meeting.has_event(id).await, "eve's server has not answered yet");
    }
    meeting.peer.lets_go("get_missing_events");
    for id in [&missing, &slow, &later] {
        while !meeting.has_event(id).await {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
    assert_eq!(
        meeting.peer.asked().iter().filter(|asked| asked.contains("get_missing_events")).count(),
        1,
        "what was begun went on"
    );
}

#[tokio::test]
async fn a_server_for_which_many_rooms_wait_holds_up_no_other_room() {
    let neighbourhood = Neighbourhood::new(&["a", "eve", "mo"]);
    let mut meeting = meeting_among(&neighbourhood, "11").await;
    let other = Peer::start(&neighbourhood, "mo").await;
    let mut branch = other.joins(&meeting.world, &meeting.room, "mo").await;
    meeting.peer.holds("get_missing_events");
    // How a path writes what is around it is the asker's business.
    let asked_in = |peer: &Peer, room: &str| {
        let name = room.trim_start_matches('!').split(':').next().unwrap();
        let is_it = |asked: &&String| asked.contains("get_missing_events") && asked.contains(name);
        peer.asked().iter().filter(is_it).count()
    };
    for _ in 0..WAITED_FOR {
        let room =
            meeting.alice.creates_room_like(json!({ "preset": "public_chat", "room_version": "11" })).await;
        let room = room.room_id();
        let mut elsewhere = meeting.peer.joins(&meeting.world, &room, "eve").await;
        elsewhere.says(&meeting.peer, &meeting.eve, "not sent");
        let (_, event) = elsewhere.says(&meeting.peer, &meeting.eve, "stands on what was not sent");
        meeting.peer.sends(&meeting.world, [&event]).await;
        while asked_in(&meeting.peer, &room) == 0 {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
    meeting.branch.says(&meeting.peer, &meeting.eve, "not sent");
    let (slow, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "stands on what was not sent");
    meeting.peer.sends(&meeting.world, [&event]).await;
    while asked_in(&meeting.peer, &meeting.room) == 0 {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    for text in ["one", "two", "three", "four", "five"] {
        let (id, event) = branch.says(&other, &other.user("mo"), text);
        other.sends(&meeting.world, [&event]).await;
        meeting.alice.waits_for_event(&meeting.room, &id).await;
    }
    assert_eq!(
        asked_in(&meeting.peer, &meeting.room),
        1,
        "eve's event is not begun again while it has no place"
    );
    assert!(!meeting.has_event(&slow).await, "eve's server has not answered yet");
    meeting.peer.lets_go("get_missing_events");
    meeting.alice.waits_for_event(&meeting.room, &slow).await;
}
