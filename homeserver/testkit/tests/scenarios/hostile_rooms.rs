//! Hostile members of a room that a server of ours is in: bombs of forks, floods of what is refused, odd events, long
//! lists. The room stays usable and what it costs stays bounded.

use http::Method;
use serde_json::{Value, json};
use testkit::{PeerRoom, segment};

use crate::federation_inbound::{Meeting, meeting, meeting_in};

/// Events of one transaction.
const TRANSACTION: usize = 50;

/// Transactions that are sent before one waits.
const TRANSACTIONS_AT_ONCE: usize = 3;

/// Branches of a bomb: more than a room keeps ends.
const BRANCHES: usize = 120;

/// Events that are refused, or not to be seen.
const UNSEEN: usize = 1_000;

/// The most parents that an event of ours names.
const PARENTS_MAX: usize = 20;

impl Meeting {
    /// Sends many events, as many as fit at a time, and now and then waits until they are worked off, for a message on
    /// `aside`.
    async fn floods(&self, events: &[Value], mut aside: PeerRoom) {
        for wave in events.chunks(TRANSACTION * TRANSACTIONS_AT_ONCE) {
            for page in wave.chunks(TRANSACTION) {
                self.peer.sends_all(&self.world, page, &[]).await.ok();
            }
            let (id, event) = aside.says(&self.peer, &self.eve, "that was a wave");
            self.peer.sends(&self.world, [&event]).await;
            self.alice.waits_for_event(&self.room, &id).await;
        }
    }

    /// Makes eve an equal of alice's, and has the peer know it.
    async fn promotes_eve(&mut self) {
        let mut users = json!({ &self.eve: 100 });
        if self.branch.version != "12" {
            users[&self.alice.id] = json!(100);
        }
        let levels = json!({ "users": users });
        let id = self.alice.sets_state(&self.room, "m.room.power_levels", "", levels).await.event_id();
        self.follows(&id).await;
    }

    /// Has the peer go on from an event of alice's.
    async fn follows(&mut self, id: &str) {
        let event = self.event_of_ours(id).await;
        self.branch.takes(&self.peer, id, &event);
    }

    /// An event as other servers get it.
    async fn event_of_ours(&self, id: &str) -> Value {
        let path = format!("/_matrix/federation/v1/event/{}", segment(id));
        self.peer.gets(&self.world, &path).await.ok()["pdus"][0].clone()
    }
}

#[tokio::test]
async fn t08_a_bomb_of_forks_leaves_few_ends_and_a_room_that_works() {
    for version in ["11", "12"] {
        let mut meeting = meeting_in(version).await;
        meeting.promotes_eve().await;
        let eve = meeting.eve.clone();
        let base = meeting.branch.clone();
        let mut events = Vec::new();
        for number in 0..BRANCHES {
            let mut branch = base.clone();
            branch.time_ms += number as u64;
            let topic = json!({ "topic": format!("branch {number}") });
            events.push(branch.adds(&meeting.peer, &eve, "m.room.topic", Some(""), topic).1);
        }
        meeting.floods(&events, base.clone()).await;
        meeting.branch = base;
        meeting.branch.time_ms += 1_000_000;
        meeting.catches_up().await;
        let id = meeting.alice.sends(&meeting.room, "still here").await.event_id();
        let ours = meeting.event_of_ours(&id).await;
        let parents = ours["prev_events"].as_array().unwrap().len();
        assert!((1..=PARENTS_MAX).contains(&parents), "version {version}: {parents} parents");
        let topic = meeting.state_is("m.room.topic", "").await["topic"].clone();
        assert!(
            topic.as_str().is_some_and(|topic| topic.starts_with("branch ")),
            "version {version}: {topic}"
        );
    }
}

#[tokio::test]
async fn t08_deep_authority_on_two_branches_is_resolved() {
    let mut meeting = meeting().await;
    meeting.promotes_eve().await;
    let eve = meeting.eve.clone();
    let (mut one, mut other) = (meeting.branch.clone(), meeting.branch.clone());
    let mut events = Vec::new();
    for number in 0..40 {
        for (branch, name) in [(&mut one, "@one:x.test"), (&mut other, "@other:x.test")] {
            let levels = json!({ "users": { &meeting.alice.id: 100, &eve: 100, name: number % 90 } });
            events.push(branch.adds(&meeting.peer, &eve, "m.room.power_levels", Some(""), levels).1);
        }
    }
    meeting.floods(&events, meeting.branch.clone()).await;
    let mut last = one.clone();
    last.last.extend(other.last.clone());
    last.time_ms += 1_000_000;
    meeting.branch = last;
    meeting.catches_up().await;
    let levels = meeting.state_is("m.room.power_levels", "").await;
    assert_eq!(levels["users"][&eve], 100, "{levels}");
    let standing = ["@one:x.test", "@other:x.test"].map(|name| levels["users"].get(name).is_some());
    assert_eq!(
        standing.iter().filter(|stands| **stands).count(),
        1,
        "one of the two branches stands: {levels}"
    );
    meeting.alice.sends(&meeting.room, "still here").await.ok();
}

/// Every server judges by what an event names as well; who did not would have another state than the others.
#[tokio::test]
async fn an_event_that_its_own_authority_forbids_is_rejected_though_the_state_allows_it() {
    let mut meeting = meeting().await;
    let eve = meeting.eve.clone();
    let old_levels = meeting.branch.state[&("m.room.power_levels".to_owned(), String::new())].clone();
    meeting.promotes_eve().await;
    let new_levels = meeting.branch.state[&("m.room.power_levels".to_owned(), String::new())].clone();
    let mut draft =
        meeting.branch.drafts(&eve, "m.room.topic", Some(""), json!({ "topic": "by levels of old" }));
    for id in draft["auth_events"].as_array_mut().unwrap() {
        if *id == new_levels.as_str() {
            *id = json!(old_levels);
        }
    }
    let (by_old, event) = meeting.peer.signs("11", draft);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.catches_up().await;
    assert!(!meeting.has_event(&by_old).await);
    meeting.alice.state(&meeting.room, "m.room.topic", "").await.fails_with("M_NOT_FOUND");
    let (by_new, event) = meeting.branch.adds(
        &meeting.peer,
        &eve,
        "m.room.topic",
        Some(""),
        json!({ "topic": "by levels of now" }),
    );
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &by_new).await;
}

/// What resolution takes back is told to clients like any other change: in `state`, because no event of now says it.
#[tokio::test]
async fn a_reset_of_the_state_is_shown_to_clients_as_a_change() {
    let mut meeting = meeting().await;
    meeting.promotes_eve().await;
    let eve = meeting.eve.clone();
    let (first, topic) =
        meeting.branch.adds(&meeting.peer, &eve, "m.room.topic", Some(""), json!({ "topic": "first" }));
    meeting.peer.sends(&meeting.world, [&topic]).await;
    let mallory = meeting.peer.user("mallory");
    let join = json!({ "membership": "join" });
    let (_, joined) = meeting.branch.adds(&meeting.peer, &mallory, "m.room.member", Some(&mallory), join);
    let users = json!({ &meeting.alice.id: 100, &eve: 100, &mallory: 50 });
    let (_, levels) =
        meeting.branch.adds(&meeting.peer, &eve, "m.room.power_levels", Some(""), json!({ "users": users }));
    meeting.peer.sends(&meeting.world, [&joined, &levels]).await;
    let mut demoting = meeting.branch.clone();
    // One branch has mallory's topic, the other one, which comes later, his demotion.
    let (second, topic) =
        meeting.branch.adds(&meeting.peer, &mallory, "m.room.topic", Some(""), json!({ "topic": "second" }));
    meeting.peer.sends(&meeting.world, [&topic]).await;
    meeting.alice.waits_for_event(&meeting.room, &second).await;
    assert_eq!(meeting.state_is("m.room.topic", "").await["topic"], "second");
    let users = json!({ &meeting.alice.id: 100, &eve: 100 });
    let (_, demotion) =
        demoting.adds(&meeting.peer, &eve, "m.room.power_levels", Some(""), json!({ "users": users }));
    meeting.peer.sends(&meeting.world, [&demotion]).await;
    let is_first = |event: &Value| event["event_id"] == first.as_str();
    let shown = meeting
        .alice
        .syncs_until("the first topic, anew", |body| {
            let state = &body["rooms"]["join"][&meeting.room]["state"]["events"];
            state.as_array().is_some_and(|events| events.iter().any(is_first))
        })
        .await;
    drop(shown);
    assert_eq!(meeting.state_is("m.room.topic", "").await["topic"], "first");
}

#[tokio::test]
async fn t09_odd_events_are_handed_on_byte_for_byte_or_not_taken() {
    let mut meeting = meeting().await;
    let eve = meeting.eve.clone();
    let drafts = |meeting: &mut Meeting, content: Value, change: fn(&mut Value)| {
        let mut draft = meeting.branch.drafts(&eve, "m.room.message", None, content);
        change(&mut draft);
        let (id, event) = meeting.peer.signs("11", draft);
        meeting.peer.keeps(&id, &event);
        (id, event)
    };
    let plain: fn(&mut Value) = |_| {};
    let body = |text: &str| json!({ "msgtype": "m.text", "body": text });
    let mut taken = vec![
        drafts(&mut meeting, body("NUL \u{0} and \u{7f} and \u{2028} and \u{10ffff}"), plain),
        drafts(
            &mut meeting,
            json!({ "least": -9_007_199_254_740_991_i64, "most": 9_007_199_254_740_991_i64 }),
            plain,
        ),
        drafts(&mut meeting, json!({ "": { "": [[], {}, null, true, ""] } }), plain),
        drafts(&mut meeting, body("deep"), |event| event["depth"] = json!(9_007_199_254_740_991_i64)),
        drafts(&mut meeting, body("unknown keys"), |event| {
            event["org.example.unknown"] = json!({ "kept": [1] })
        }),
    ];
    // The largest event there may be, and one byte more.
    let (_, small) = drafts(&mut meeting, body(""), plain);
    let room_left = 65_536 - serde_json::to_vec(&small).unwrap().len();
    taken.push(drafts(&mut meeting, body(&"x".repeat(room_left)), plain));
    let too_large = drafts(&mut meeting, body(&"x".repeat(room_left + 1)), plain);
    let long_type = drafts(&mut meeting, body("long type"), |event| event["type"] = json!("t".repeat(256)));
    let no_list = drafts(&mut meeting, body("no list"), |event| event["auth_events"] = json!({}));
    let refused = [too_large, long_type, no_list];
    for (_, event) in taken.iter().chain(&refused) {
        meeting.peer.sends_all(&meeting.world, std::slice::from_ref(event), &[]).await.ok();
    }
    meeting.catches_up().await;
    for (id, event) in &taken {
        assert_eq!(&meeting.event_of_ours(id).await, event);
    }
    for (id, event) in &refused {
        assert!(!meeting.has_event(id).await, "{}", event["type"]);
    }
    // Where the deepest event stands, ours still has a depth that every server reads.
    let id = meeting.alice.sends(&meeting.room, "after it").await.event_id();
    assert_eq!(meeting.event_of_ours(&id).await["depth"], 9_007_199_254_740_991_i64);
}

#[tokio::test]
async fn t14_a_thousand_refused_events_stop_nobody_who_scrolls_back() {
    let mut meeting = meeting().await;
    let before = meeting.alice.sends(&meeting.room, "before").await.event_id();
    let eve = meeting.eve.clone();
    let refused: Vec<(String, Value)> = (0..UNSEEN)
        .map(|number| {
            let name = json!({ "name": format!("eve's {number}") });
            let draft = meeting.branch.drafts(&eve, "m.room.name", Some(""), name);
            meeting.peer.signs("11", draft)
        })
        .collect();
    let events: Vec<Value> = refused.iter().map(|(_, event)| event.clone()).collect();
    meeting.floods(&events, meeting.branch.clone()).await;
    meeting.catches_up().await;
    let history = meeting.alice.whole_history(&meeting.room).await;
    let ids: Vec<&str> = history.iter().filter_map(|event| event["event_id"].as_str()).collect();
    assert!(ids.contains(&before.as_str()));
    assert!(!ids.contains(&refused[0].0.as_str()) && !ids.contains(&refused[UNSEEN - 1].0.as_str()));
    meeting.alice.state(&meeting.room, "m.room.name", "").await.fails_with("M_NOT_FOUND");
}

#[tokio::test]
async fn t14_a_thousand_hidden_events_are_crossed_in_pages() {
    let mut meeting = meeting().await;
    let hidden = json!({ "history_visibility": "joined" });
    let closing = meeting.alice.sets_state(&meeting.room, "m.room.history_visibility", "", hidden).await;
    meeting.follows(&closing.event_id()).await;
    let eve = meeting.eve.clone();
    let base = meeting.branch.clone();
    let events: Vec<Value> = (0..UNSEEN)
        .map(|number| meeting.branch.says(&meeting.peer, &eve, &format!("hidden {number}")).1)
        .collect();
    meeting.floods(&events, base).await;
    meeting.catches_up().await;
    let bob = meeting.world.user("bob").await;
    bob.joins(&meeting.room).await.ok();
    let (mut query, mut pages, mut seen) = ("dir=b&limit=50".to_owned(), 0, Vec::new());
    loop {
        let page = bob.messages(&meeting.room, &query).await.ok();
        seen.extend(page["chunk"].as_array().unwrap().iter().cloned());
        pages += 1;
        let Some(end) = page["end"].as_str() else { break };
        assert!(pages < 100, "the pages come to an end");
        query = format!("dir=b&limit=50&from={}", segment(end));
    }
    assert!(seen.iter().all(|event| event["type"] != "m.room.message"), "{seen:?}");
    assert!(seen.iter().any(|event| event["type"] == "m.room.create"), "what was visible then is reached");
}

#[tokio::test]
async fn t17_a_list_of_thousands_of_globs_in_any_case_shuts_out_and_costs_little() {
    let mut meeting = meeting().await;
    let mut deny: Vec<String> = (0..2_500).map(|number| format!("*.bad{number}.TEST")).collect();
    deny.extend((0..40).map(|_| "*a*a*a*a*a*a*a*a*a*a*b".to_owned()));
    let acl = |deny: &[String]| json!({ "allow": ["*"], "deny": deny, "allow_ip_literals": false });
    meeting.alice.sets_state(&meeting.room, "m.room.server_acl", "", acl(&deny)).await.ok();
    meeting.catches_up().await;
    deny.push("eVe.TeSt".to_owned());
    meeting.alice.sets_state(&meeting.room, "m.room.server_acl", "", acl(&deny)).await.ok();
    let eve = meeting.eve.clone();
    let events: Vec<Value> = (0..TRANSACTION)
        .map(|number| meeting.branch.says(&meeting.peer, &eve, &number.to_string()).1)
        .collect();
    let outcome = meeting.peer.sends_all(&meeting.world, &events, &[]).await.ok();
    let outcomes = outcome["pdus"].as_object().unwrap();
    assert!(outcomes.len() == TRANSACTION && outcomes.values().all(|outcome| outcome["error"].is_string()));
    let path = format!("/_matrix/federation/v1/backfill/{}?v=%24x&limit=1", segment(&meeting.room));
    meeting.peer.asks(&meeting.world, Method::GET, &path, None).await.fails_as(403, "M_FORBIDDEN");
    meeting.alice.sends(&meeting.room, "still here").await.ok();
}
