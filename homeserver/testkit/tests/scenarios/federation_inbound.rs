//! Events of other servers enter our rooms: what is missing is fetched, what is not allowed stays out.

use http::Method;
use serde_json::{Value, json};
use testkit::limits::LOOK_INTERVAL;
use testkit::{Neighbourhood, Peer, PeerRoom, User, World, segment};

/// Rooms in which one server is waited for, as many as may be.
const WAITED_FOR: usize = 4;

/// A server with a public room of alice's, and a peer with a user in it.
pub(crate) struct Meeting {
    pub world: World,
    pub peer: Peer,
    pub alice: User,
    pub eve: String,
    pub room: String,
    pub branch: PeerRoom,
}

pub(crate) async fn meeting_in(version: &str) -> Meeting {
    meeting_among(&Neighbourhood::new(&["a", "eve"]), version).await
}

async fn meeting_among(neighbourhood: &Neighbourhood, version: &str) -> Meeting {
    let world = neighbourhood.server("a", |_| {}).await;
    let peer = Peer::start(neighbourhood, "eve").await;
    let alice = world.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat", "room_version": version })).await;
    let room = room.ok()["room_id"].as_str().unwrap().to_owned();
    let branch = peer.joins(&world, &room, "eve").await;
    alice.syncs().await;
    let eve = peer.user("eve");
    Meeting { world, peer, alice, eve, room, branch }
}

pub(crate) async fn meeting() -> Meeting {
    meeting_in("11").await
}

impl Meeting {
    /// Sends a message and waits for it, so that everything sent before is worked off.
    pub async fn catches_up(&mut self) {
        let (id, event) = self.branch.says(&self.peer, &self.eve, "are you there?");
        self.peer.sends(&self.world, [&event]).await;
        self.alice.waits_for_event(&self.room, &id).await;
    }

    /// Lets the peer tell of what is missing nothing but this, though it has all when it is asked for one by one.
    fn tells_only(&self, event: &Value) {
        self.tells_all();
        self.peer.answers("get_missing_events", 200, json!({ "events": [event] }));
        self.peer.answers("backfill", 404, json!({ "errcode": "M_NOT_FOUND", "error": "not now" }));
    }

    /// Lets the peer tell everything.
    fn tells_all(&self) {
        self.peer.answers_truly("get_missing_events");
        self.peer.answers_truly("backfill");
    }

    pub async fn state_is(&self, kind: &str, state_key: &str) -> Value {
        self.alice.state(&self.room, kind, state_key).await.body().clone()
    }

    pub async fn has_event(&self, id: &str) -> bool {
        self.alice.event(&self.room, id).await.status() == 200
    }
}

#[tokio::test]
async fn a_peers_messages_and_state_arrive_in_every_version() {
    for version in ["3", "6", "10", "11", "12"] {
        let mut meeting = meeting_in(version).await;
        let join = meeting.state_is("m.room.member", &meeting.eve).await;
        assert_eq!(join["membership"], "join", "version {version}");
        let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "hello");
        let outcome = meeting.peer.sends(&meeting.world, [&event]).await;
        assert_eq!(outcome["pdus"], json!({ &id: {} }), "version {version}");
        meeting.alice.waits_for_event(&meeting.room, &id).await;
        let leave = json!({ "membership": "leave" });
        let eve = meeting.eve.clone();
        let (id, event) = meeting.branch.adds(&meeting.peer, &eve, "m.room.member", Some(&eve), leave);
        meeting.peer.sends(&meeting.world, [&event]).await;
        meeting.alice.waits_for_event(&meeting.room, &id).await;
        assert_eq!(meeting.state_is("m.room.member", &eve).await["membership"], "leave");
    }
}

#[tokio::test]
async fn what_is_missing_between_is_asked_for() {
    let mut meeting = meeting().await;
    let unsent: Vec<String> =
        (0..5).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("unsent {n}")).0).collect();
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "sent");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    let history = meeting.alice.whole_history(&meeting.room).await;
    let ids: Vec<&str> = history.iter().filter_map(|event| event["event_id"].as_str()).collect();
    for id in &unsent {
        assert!(ids.contains(&id.as_str()), "{id} is in the timeline");
    }
    assert!(meeting.peer.asked().iter().any(|asked| asked.contains("get_missing_events")));
}

#[tokio::test]
async fn a_gap_that_nobody_fills_is_bridged_by_the_state_behind_it_and_shown_as_a_gap() {
    let mut meeting = meeting().await;
    let lost: Vec<(String, Value)> =
        (0..3).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("lost {n}"))).collect();
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "after the gap");
    meeting.tells_only(&lost[2].1);
    meeting.peer.sends(&meeting.world, [&event]).await;
    let sync = meeting.alice.waits_for_event(&meeting.room, &id).await;
    drop(sync);
    assert!(meeting.peer.asked().iter().any(|asked| asked.contains("state_ids")));
    assert!(!meeting.has_event(&lost[0].0).await);
    // The state goes on: alice is still in the room and may speak.
    meeting.alice.sends(&meeting.room, "still here").await.ok();
    // Later the peer has it again, and who scrolls back sees it.
    meeting.tells_all();
    let history = meeting.alice.whole_history(&meeting.room).await;
    let ids: Vec<&str> = history.iter().filter_map(|event| event["event_id"].as_str()).collect();
    for (id, _) in &lost {
        assert!(ids.contains(&id.as_str()), "{id} was fetched");
    }
}

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

/// Ids of a room's messages as somebody sees them, oldest first.
async fn messages(user: &User, room: &str) -> Vec<String> {
    let history = user.whole_history(room).await;
    let messages = history.iter().filter(|event| event["type"] == "m.room.message");
    messages.filter_map(|event| Some(event["event_id"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn what_comes_late_stands_before_what_was_built_on_it() {
    let mut meeting = meeting().await;
    let late: Vec<(String, Value)> =
        (0..3).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("late {n}"))).collect();
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "built on what comes late");
    meeting.tells_only(&late[2].1);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    // The peer has all of it again, and sends it as if nothing had been.
    meeting.tells_all();
    for (_, event) in &late {
        meeting.peer.sends(&meeting.world, [event]).await;
    }
    meeting.catches_up().await;
    let mut expected: Vec<String> = late.into_iter().map(|(id, _)| id).collect();
    expected.push(last);
    let mut shown = messages(&meeting.alice, &meeting.room).await;
    shown.retain(|id| expected.contains(id));
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn what_is_missing_before_two_gaps_comes_before_the_older_one() {
    let mut meeting = meeting().await;
    let (expected, events): (Vec<String>, Vec<Value>) =
        (0..6).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("message {n}"))).unzip();
    // The first is missing before the second, and the fourth before the fifth.
    for (told, sent) in [(1, 2), (4, 5)] {
        meeting.tells_only(&events[told]);
        meeting.peer.sends(&meeting.world, [&events[sent]]).await;
        meeting.alice.waits_for_event(&meeting.room, &expected[sent]).await;
    }
    meeting.tells_all();
    assert_eq!(messages(&meeting.alice, &meeting.room).await, expected);
}

#[tokio::test]
async fn what_lies_behind_a_refused_event_is_told_to_others() {
    let mut meeting = meeting().await;
    let first = meeting.alice.sends(&meeting.room, "first").await.event_id();
    meeting.branch.last = vec![first.clone()];
    let eve = meeting.eve.clone();
    let name = json!({ "name": "eve's" });
    let (refused, event) = meeting.branch.clone().adds(&meeting.peer, &eve, "m.room.name", Some(""), name);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.branch.last = vec![refused.clone()];
    meeting.branch.depth += 1;
    let (last, event) = meeting.branch.says(&meeting.peer, &eve, "on what was refused");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    assert!(!meeting.has_event(&refused).await);
    let path =
        format!("/_matrix/federation/v1/backfill/{}?limit=10&v={}", segment(&meeting.room), segment(&last));
    let told = meeting.peer.gets(&meeting.world, &path).await.ok();
    let told: Vec<String> =
        told["pdus"].as_array().unwrap().iter().map(|event| Peer::id_of("11", event)).collect();
    assert_eq!(told[..3], [last, refused, first]);
}

#[tokio::test]
async fn an_event_that_cannot_name_all_ends_has_the_state_of_those_that_it_names() {
    const BRANCHES: usize = 30;
    let meeting = meeting().await;
    let base = meeting.branch.clone();
    let topic = json!({ "topic": "new" });
    let topic = meeting.alice.sets_state(&meeting.room, "m.room.topic", "", topic).await.event_id();
    let branches: Vec<Value> = (0..BRANCHES)
        .map(|n| base.clone().says(&meeting.peer, &meeting.eve, &format!("branch {n}")).1)
        .collect();
    meeting.peer.sends_all(&meeting.world, &branches, &[]).await.ok();
    // The room is tied together where it has so many ends.
    let tie = loop {
        let told: Vec<Value> =
            meeting.peer.transactions().into_iter().flat_map(|(_, events)| events).collect();
        let tie = told.into_iter().find(|event| event["type"] == "org.matrix.dummy_event");
        if let Some(tie) = tie {
            break tie;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    };
    let parents: Vec<String> = serde_json::from_value(tie["prev_events"].clone()).unwrap();
    assert!(parents.len() == 20 && !parents.contains(&topic), "{parents:?}");
    let path = format!(
        "/_matrix/federation/v1/state_ids/{}?event_id={}",
        segment(&meeting.room),
        segment(&Peer::id_of("11", &tie))
    );
    let state = meeting.peer.gets(&meeting.world, &path).await.ok();
    assert!(!state["pdu_ids"].as_array().unwrap().contains(&json!(topic)), "its parents know no topic");
    assert_eq!(meeting.state_is("m.room.topic", "").await["topic"], "new");
    let last = meeting.alice.sends(&meeting.room, "after all").await.event_id();
    let path =
        format!("/_matrix/federation/v1/state_ids/{}?event_id={}", segment(&meeting.room), segment(&last));
    let state = meeting.peer.gets(&meeting.world, &path).await.ok();
    assert!(state["pdu_ids"].as_array().unwrap().contains(&json!(topic)));
}

#[tokio::test]
async fn an_answer_that_cannot_be_had_now_is_asked_for_again() {
    let mut meeting = meeting().await;
    let (lost, _) = meeting.branch.says(&meeting.peer, &meeting.eve, "lost");
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "the last word");
    meeting.peer.answers("", 502, json!({ "errcode": "M_UNKNOWN", "error": "out of order" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.peer.waits_to_be_asked("get_missing_events").await;
    meeting.peer.answers_truly("");
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    assert!(meeting.has_event(&lost).await);
}

#[tokio::test]
async fn history_is_ordered_by_the_graph_and_not_by_the_depth_that_is_claimed() {
    let mut meeting = meeting().await;
    let mut expected = Vec::new();
    for (number, depth) in [9_000, 7, 800, 1].into_iter().enumerate() {
        let content = json!({ "msgtype": "m.text", "body": format!("message {number}") });
        let mut event = meeting.branch.drafts(&meeting.eve, "m.room.message", None, content);
        event["depth"] = json!(depth);
        let (id, event) = meeting.peer.signs("11", event);
        meeting.branch.takes(&meeting.peer, &id, &event);
        meeting.tells_only(&event);
        expected.push(id);
    }
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "after the gap");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    meeting.tells_all();
    expected.push(last);
    assert_eq!(messages(&meeting.alice, &meeting.room).await, expected);
}

#[tokio::test]
async fn nobody_can_silence_a_room_by_the_greatest_depth_there_is() {
    let mut meeting = meeting().await;
    let content = json!({ "msgtype": "m.text", "body": "how deep am I?" });
    let mut event = meeting.branch.drafts(&meeting.eve, "m.room.message", None, content);
    event["depth"] = json!(9_007_199_254_740_991_u64);
    let (id, event) = meeting.peer.signs("11", event);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    let first = meeting.alice.sends(&meeting.room, "as deep").await.event_id();
    let second = meeting.alice.sends(&meeting.room, "and no deeper").await.event_id();
    assert_eq!(messages(&meeting.alice, &meeting.room).await, [id, first, second]);
}

#[tokio::test]
async fn many_who_scroll_back_into_one_gap_at_once_are_all_answered() {
    let mut meeting = meeting().await;
    let (lost, events): (Vec<String>, Vec<Value>) =
        (0..8).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("lost {n}"))).unzip();
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "after the gap");
    meeting.tells_only(&events[7]);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    meeting.tells_all();
    let readers = (0..8).map(|_| meeting.alice.messages(&meeting.room, "dir=b&limit=100"));
    for page in futures_util::future::join_all(readers).await {
        let page = page.ok();
        let ids: Vec<&str> =
            page["chunk"].as_array().unwrap().iter().filter_map(|event| event["event_id"].as_str()).collect();
        assert_eq!(ids.iter().filter(|id| **id == last).count(), 1);
        assert!(lost.iter().all(|id| ids.iter().filter(|shown| *shown == id).count() <= 1));
    }
    assert!(messages(&meeting.alice, &meeting.room).await.ends_with(&[lost[7].clone(), last]));
}

#[tokio::test]
async fn two_branches_become_one_room() {
    let mut meeting = meeting().await;
    let mut other = meeting.branch.clone();
    other.time_ms += 1_000;
    let (one, first) = meeting.branch.says(&meeting.peer, &meeting.eve, "one branch");
    let (two, second) = other.says(&meeting.peer, &meeting.eve, "another branch");
    meeting.peer.sends(&meeting.world, [&first, &second]).await;
    meeting.alice.waits_for_event(&meeting.room, &two).await;
    assert!(meeting.has_event(&one).await);
    meeting.alice.sends(&meeting.room, "tied").await.ok();
    assert_eq!(meeting.state_is("m.room.member", &meeting.eve).await["membership"], "join");
}

#[tokio::test]
async fn t06_a_rejected_event_never_gets_into_the_state_also_not_after_a_restart() {
    let mut meeting = meeting().await;
    let name = json!({ "name": "eve's room" });
    let draft = meeting.branch.drafts(&meeting.eve, "m.room.name", Some(""), name);
    let (forged, event) = meeting.peer.signs("11", draft);
    meeting.peer.keeps(&forged, &event);
    let outcome = meeting.peer.sends(&meeting.world, [&event]).await;
    assert_eq!(outcome["pdus"][&forged], json!({}), "accepted to be looked at");
    // An event that names the rejected one as its authority is rejected too.
    let mut draft = meeting.branch.drafts(&meeting.eve, "m.room.message", None, json!({ "body": "x" }));
    draft["auth_events"].as_array_mut().unwrap().push(json!(forged));
    let (on_top, event) = meeting.peer.signs("11", draft);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.catches_up().await;
    assert!(!meeting.has_event(&forged).await && !meeting.has_event(&on_top).await);
    meeting.alice.state(&meeting.room, "m.room.name", "").await.fails_with("M_NOT_FOUND");
    meeting.world.restarts().await;
    meeting.alice.state(&meeting.room, "m.room.name", "").await.fails_with("M_NOT_FOUND");
    assert!(!meeting.has_event(&forged).await);
}

#[tokio::test]
async fn who_was_banned_cannot_speak_from_before_the_ban() {
    let mut meeting = meeting().await;
    let banned = json!({ "user_id": meeting.eve });
    let mut old = meeting.branch.clone();
    meeting.alice.room_action(&meeting.room, "ban", banned).await.ok();
    let (late, event) = old.says(&meeting.peer, &meeting.eve, "I was here before");
    meeting.peer.sends(&meeting.world, [&event]).await;
    // A second user of the peer shows when everything before is worked off.
    meeting.branch = meeting.peer.joins(&meeting.world, &meeting.room, "mallory").await;
    meeting.eve = meeting.peer.user("mallory");
    meeting.catches_up().await;
    assert!(!meeting.has_event(&late).await);
    assert_eq!(meeting.state_is("m.room.member", &meeting.peer.user("eve")).await["membership"], "ban");
}

#[tokio::test]
async fn a_forged_event_of_somebody_else_is_dropped() {
    let mut meeting = meeting().await;
    let draft =
        meeting.branch.drafts(&meeting.alice.id, "m.room.message", None, json!({ "body": "I am alice" }));
    let (forged, event) = meeting.peer.signs("11", draft);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.catches_up().await;
    assert!(!meeting.has_event(&forged).await);
}

#[tokio::test]
async fn t04_an_event_of_another_room_looks_exactly_like_an_unknown_one() {
    let meeting = meeting().await;
    let secret = meeting.alice.creates_room().await;
    let hidden = meeting.alice.sends(&secret, "secret").await.event_id();
    let unknown = "$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let room = segment(&meeting.room);
    for path in [
        |room: &str, event: &str| format!("/_matrix/federation/v1/state/{room}?event_id={event}"),
        |room: &str, event: &str| format!("/_matrix/federation/v1/state_ids/{room}?event_id={event}"),
        |room: &str, event: &str| format!("/_matrix/federation/v1/event_auth/{room}/{event}"),
        |_: &str, event: &str| format!("/_matrix/federation/v1/event/{event}"),
    ] {
        let mut answers = Vec::new();
        for event in [hidden.as_str(), unknown] {
            let mut answer = meeting.peer.gets(&meeting.world, &path(&room, &segment(event))).await;
            answers.push((answer.status(), answer.body().clone()));
        }
        assert_eq!(answers[0], answers[1], "{}", path(&room, "x"));
        assert_eq!(answers[0].0, 404);
    }
}

#[tokio::test]
async fn t05_a_server_that_is_not_in_the_room_or_shut_out_of_it_learns_nothing() {
    let mut meeting = meeting().await;
    let private = meeting.alice.creates_room().await;
    let inside = meeting.alice.sends(&private, "inside").await.event_id();
    let seen = meeting.alice.sends(&meeting.room, "seen").await.event_id();
    let paths = |room: &str, event: &str| {
        let (room, event) = (segment(room), segment(event));
        [
            format!("/_matrix/federation/v1/state/{room}?event_id={event}"),
            format!("/_matrix/federation/v1/state_ids/{room}?event_id={event}"),
            format!("/_matrix/federation/v1/backfill/{room}?v={event}&limit=10"),
            format!("/_matrix/federation/v1/event_auth/{room}/{event}"),
            format!("/_matrix/federation/v1/timestamp_to_event/{room}?ts=0&dir=f"),
        ]
    };
    for path in paths(&private, &inside) {
        meeting.peer.gets(&meeting.world, &path).await.fails_as(403, "M_FORBIDDEN");
    }
    for path in paths(&meeting.room, &seen) {
        meeting.peer.gets(&meeting.world, &path).await.ok();
    }
    let acl = json!({ "allow": ["*"], "deny": ["EVE.test"] });
    meeting.alice.sets_state(&meeting.room, "m.room.server_acl", "", acl).await.ok();
    for path in paths(&meeting.room, &seen) {
        meeting.peer.gets(&meeting.world, &path).await.fails_as(403, "M_FORBIDDEN");
    }
    let missing = format!("/_matrix/federation/v1/get_missing_events/{}", segment(&meeting.room));
    let body = json!({ "earliest_events": [], "latest_events": [seen], "limit": 10 });
    meeting.peer.asks(&meeting.world, Method::POST, &missing, Some(body)).await.fails_as(403, "M_FORBIDDEN");
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "shut out");
    let outcome = meeting.peer.sends(&meeting.world, [&event]).await;
    assert!(outcome["pdus"][&id]["error"].is_string());
}

#[tokio::test]
async fn history_is_given_to_servers_in_the_room_and_redacted_where_their_users_could_not_see_it() {
    let meeting = meeting().await;
    let visibility = json!({ "history_visibility": "joined" });
    meeting.alice.sets_state(&meeting.room, "m.room.history_visibility", "", visibility).await.ok();
    let shown = meeting.alice.sends(&meeting.room, "shown").await.event_id();
    let path = format!("/_matrix/federation/v1/event/{}", segment(&shown));
    assert_eq!(meeting.peer.gets(&meeting.world, &path).await.ok()["pdus"][0]["content"]["body"], "shown");
    let room = segment(&meeting.room);
    let path = format!("/_matrix/federation/v1/backfill/{room}?v={}&limit=100", segment(&shown));
    let page = meeting.peer.gets(&meeting.world, &path).await.ok();
    let kinds: Vec<&str> =
        page["pdus"].as_array().unwrap().iter().filter_map(|pdu| pdu["type"].as_str()).collect();
    assert!(kinds.contains(&"m.room.create") && kinds.len() > 5, "{kinds:?}");
    assert!(page["pdus"][0].get("unsigned").is_none());
    let state = format!("/_matrix/federation/v1/state_ids/{room}?event_id={}", segment(&shown));
    let ids = meeting.peer.gets(&meeting.world, &state).await.ok();
    assert!(ids["pdu_ids"].as_array().unwrap().len() > 5 && ids["auth_chain_ids"].is_array());
}

#[tokio::test]
async fn t35_a_repeated_transaction_is_answered_again_and_changes_nothing() {
    let mut meeting = meeting().await;
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "once");
    let events = [event];
    let first = meeting.peer.sends_as(&meeting.world, "same", &events, &[]).await.ok();
    let again = meeting.peer.sends_as(&meeting.world, "same", &[], &[]).await.ok();
    assert_eq!(first, again);
    // The same event under another id.
    meeting.peer.sends_as(&meeting.world, "other", &events, &[]).await.ok();
    meeting.catches_up().await;
    let history = meeting.alice.whole_history(&meeting.room).await;
    assert_eq!(history.iter().filter(|event| event["event_id"] == id.as_str()).count(), 1);
    let many = vec![events[0].clone(); 51];
    meeting.peer.sends_as(&meeting.world, "many", &many, &[]).await.expect_status(400);
    let edus = vec![json!({ "edu_type": "m.typing", "content": {} }); 101];
    meeting.peer.sends_as(&meeting.world, "loud", &[], &edus).await.expect_status(400);
}

#[tokio::test]
async fn typing_receipts_and_presence_of_a_peers_user_are_seen_and_of_others_not() {
    let meeting = meeting().await;
    let (eve, room) = (meeting.eve.clone(), meeting.room.clone());
    let last = meeting.alice.sends(&room, "read me").await.event_id();
    for user in [&meeting.alice.id, &eve] {
        let typing = json!({ "room_id": room, "user_id": user, "typing": true });
        meeting.peer.sends_edu(&meeting.world, "m.typing", typing).await;
        let receipt = json!({ &room: { "m.read": { user: { "data": { "ts": 1 }, "event_ids": [last] } } } });
        meeting.peer.sends_edu(&meeting.world, "m.receipt", receipt).await;
    }
    let presence = json!({ "push": [{
        "user_id": eve, "presence": "online", "last_active_ago": 5, "status_msg": "here",
    }] });
    meeting.peer.sends_edu(&meeting.world, "m.presence", presence).await;
    let (mut typing, mut read, mut present) = (false, false, false);
    let join = format!("/rooms/join/{}", room.replace('/', "~1"));
    meeting
        .alice
        .syncs_until("typing, receipt and presence of eve", |sync| {
            let events = sync.pointer(&format!("{join}/ephemeral/events")).and_then(Value::as_array);
            for event in events.into_iter().flatten() {
                if event["type"] == "m.typing" {
                    assert!(
                        !event["content"]["user_ids"].as_array().unwrap().contains(&json!(meeting.alice.id))
                    );
                    typing |= event["content"]["user_ids"].as_array().unwrap().contains(&json!(eve));
                }
                read |= event["type"] == "m.receipt" && event["content"][&last]["m.read"][&eve].is_object();
            }
            let people = sync["presence"]["events"].as_array().into_iter().flatten();
            present |= people
                .into_iter()
                .any(|event| event["sender"] == eve.as_str() && event["content"]["status_msg"] == "here");
            typing && read && present
        })
        .await;
}

#[tokio::test]
async fn t25_messages_to_devices_come_once_and_only_to_devices_that_exist() {
    let meeting = meeting().await;
    let message = |id: &str, sender: &str| {
        json!({
            "sender": sender, "type": "m.test", "message_id": id,
            "messages": { &meeting.alice.id: { &meeting.alice.device_id: { "n": id }, "NOSUCH": { "n": id } } },
        })
    };
    for (id, sender) in
        [("1", &meeting.eve), ("1", &meeting.eve), ("0", &meeting.alice.id), ("2", &meeting.eve)]
    {
        meeting.peer.sends_edu(&meeting.world, "m.direct_to_device", message(id, sender)).await;
    }
    let mut seen = Vec::new();
    meeting
        .alice
        .syncs_until("both messages", |sync| {
            let events = sync["to_device"]["events"].as_array().into_iter().flatten();
            seen.extend(events.map(|event| event["content"]["n"].clone()));
            seen.contains(&json!("2"))
        })
        .await;
    assert_eq!(seen, [json!("1"), json!("2")]);
}

#[tokio::test]
async fn changed_devices_of_a_peers_user_are_told_to_those_who_share_a_room() {
    let meeting = meeting().await;
    let update = json!({ "user_id": meeting.eve, "device_id": "NEW", "stream_id": 1, "prev_id": [] });
    meeting.alice.syncs().await;
    meeting.peer.sends_edu(&meeting.world, "m.device_list_update", update).await;
    meeting
        .alice
        .syncs_until("eve's devices changed", |sync| {
            let changed = sync["device_lists"]["changed"].as_array();
            changed.is_some_and(|users| users.contains(&json!(meeting.eve)))
        })
        .await;
}

#[tokio::test]
async fn history_from_before_the_join_is_fetched_when_somebody_scrolls_back() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let mut sent = Vec::new();
    for number in 0..120 {
        sent.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    bob.post(&path, json!({})).await.ok();
    let section = bob.waits_to_have_joined(&room).await;
    assert_eq!(section["timeline"]["limited"], true);
    let history = bob.whole_history(&room).await;
    let seen: Vec<&str> = history.iter().filter_map(|event| event["event_id"].as_str()).collect();
    let places: Vec<Option<usize>> = sent.iter().map(|id| seen.iter().position(|seen| seen == id)).collect();
    assert!(places.iter().all(Option::is_some), "{} of 120 came", places.iter().flatten().count());
    let forward = places.first() < places.last();
    let in_order = places.windows(2).all(|pair| if forward { pair[0] < pair[1] } else { pair[0] > pair[1] });
    assert!(in_order, "the order is that of the room");
    assert!(history.iter().any(|event| event["type"] == "m.room.create"), "back to the first event");
    // The state at an old message is known: its context shows alice as she was.
    let path = format!("/_matrix/client/v3/rooms/{}/context/{}", segment(&room), segment(&sent[3]));
    let context = bob.get(&path).await.ok();
    assert!(context["state"].as_array().unwrap().iter().any(|event| event["state_key"] == alice.id.as_str()));
}

#[tokio::test]
async fn a_jump_to_a_date_before_the_join_asks_those_who_were_there() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let first = alice.sends(&room, "long ago").await.event_id();
    for number in 0..30 {
        alice.sends(&room, &format!("chat {number}")).await.ok();
    }
    let join = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    bob.post(&join, json!({})).await.ok();
    let time = alice.event(&room, &first).await.ok()["origin_server_ts"].as_u64().unwrap();
    let path = format!("/_matrix/client/v1/rooms/{}/timestamp_to_event", segment(&room));
    for direction in ["f", "b"] {
        let found = bob.get(&format!("{path}?ts={time}&dir={direction}")).await.ok();
        assert_eq!(found["origin_server_ts"], time, "{found}");
        let around = format!(
            "/_matrix/client/v3/rooms/{}/context/{}",
            segment(&room),
            segment(found["event_id"].as_str().unwrap())
        );
        bob.get(&around).await.ok();
    }
    bob.get(&format!("{path}?ts=1&dir=b")).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn a_long_history_is_read_page_by_page_to_its_beginning() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room().await;
    let mut sent = Vec::new();
    for number in 0..330 {
        sent.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    bob.post(&path, json!({})).await.ok();
    let (mut read, mut from) = (Vec::new(), String::new());
    loop {
        let page = bob.messages(&room, &format!("dir=b&limit=500{from}")).await.ok();
        let messages =
            page["chunk"].as_array().unwrap().iter().filter(|event| event["type"] == "m.room.message");
        read.extend(messages.map(|event| event["event_id"].as_str().unwrap().to_owned()));
        let Some(end) = page["end"].as_str() else { break };
        from = format!("&from={}", segment(end));
    }
    read.reverse();
    assert_eq!(read, sent);
}

#[tokio::test]
async fn an_event_whose_parent_cannot_be_read_is_left_out_and_the_next_one_comes() {
    let mut meeting = meeting().await;
    let before = meeting.branch.clone();
    let content = json!({ "msgtype": "m.text", "body": "half an event", "number": 0.5 });
    let mut bad = meeting.branch.drafts(&meeting.eve, "m.room.message", None, content);
    bad["depth"] = json!(meeting.branch.depth + 1);
    let bad_id = "$a-bad-event-that-nobody-can-read-because-of-its-number";
    meeting.peer.keeps(bad_id, &bad);
    meeting.branch.last = vec![bad_id.to_owned()];
    let (on_top, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "on top of it");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.branch = before;
    meeting.catches_up().await;
    assert!(!meeting.has_event(&on_top).await);
    assert!(!meeting.peer.asked().iter().any(|asked| asked.contains("state_ids")));
}

#[tokio::test]
async fn a_receipt_that_comes_before_its_event_counts_when_the_event_is_there() {
    let mut meeting = meeting().await;
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "read by myself");
    let receipt = json!({
        &meeting.room: { "m.read": { &meeting.eve: { "event_ids": [&id], "data": { "ts": 1 } } } },
    });
    meeting.peer.sends_edu(&meeting.world, "m.receipt", receipt).await;
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting
        .alice
        .syncs_until("eve's receipt", |body| {
            let events = &body["rooms"]["join"][&meeting.room]["ephemeral"]["events"];
            let events = events.as_array().into_iter().flatten();
            events.clone().any(|event| event["content"][&id]["m.read"][&meeting.eve].is_object())
        })
        .await;
}

/// What an administrator could type somewhere, in many disguises.
fn commands(victim: &str) -> Vec<String> {
    let plain = [
        format!("!admin users deactivate {victim}"),
        format!("!lianqiao user lock {victim}"),
        format!("/deactivate {victim}"),
        format!("@root: !admin users make-admin {victim}"),
    ];
    plain.iter().flat_map(|text| [text.clone(), format!("\\{text}"), format!("```\n{text}\n```")]).collect()
}

#[tokio::test]
async fn t26_what_looks_like_an_administrators_command_in_a_room_is_nothing_but_text() {
    const AUDIT: &str = "/_lianqiao/admin/v1/audit?limit=100";
    let mut meeting = meeting().await;
    let root = meeting.world.administrator("root").await;
    root.joins(&meeting.room).await.ok();
    let victim = meeting.alice.id.clone();
    let before = root.get(AUDIT).await.ok()["entries"].clone();
    let mut last = String::new();
    for text in commands(&victim) {
        root.sends(&meeting.room, &text).await.ok();
        let harmless = root.sends(&meeting.room, "nothing").await.event_id();
        root.edits(&meeting.room, &harmless, &text).await.ok();
        let (said, event) = meeting.branch.says(&meeting.peer, &meeting.eve, &text);
        meeting.peer.sends(&meeting.world, [&event]).await;
        let content = json!({
            "msgtype": "m.text", "body": format!("* {text}"), "m.new_content": { "msgtype": "m.text", "body": text },
            "m.relates_to": { "rel_type": "m.replace", "event_id": said },
        });
        let (id, edit) =
            meeting.branch.adds(&meeting.peer, &meeting.eve.clone(), "m.room.message", None, content);
        meeting.peer.sends(&meeting.world, [&edit]).await;
        last = id;
    }
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    assert_eq!(root.get(AUDIT).await.ok()["entries"], before, "nobody acted");
    meeting.alice.get("/_matrix/client/v3/account/whoami").await.ok();
    let path = format!("/_synapse/admin/v2/users/{}", segment(&victim));
    let user = root.get(&path).await.ok();
    assert_eq!((&user["admin"], &user["deactivated"]), (&json!(false), &json!(false)), "{user}");
}
