//! When people of partners' servers are busy (MSC4496): what two servers tell each other, what people grant, and what a hostile
//! server gets, and is believed.

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use testkit::{Neighbourhood, Peer, User, World, segment};

/// 5 November 2026, 09:00 in China.
const START_MS: u64 = 1_793_840_400_000;

const POLICY: &str = "com.lianqiao.availability_policy";

/// A server with bots whose partners are these.
async fn server(neighbourhood: &Neighbourhood, name: &str, partners: Vec<String>) -> World {
    let change = |config: &mut config::Config| {
        config.bots.enabled = true;
        config.bots.partners = partners;
    };
    let options = Options { clock: Some(Clock::fake(START_MS)), ..Options::default() };
    neighbourhood.server_with(name, change, options).await
}

/// The direct chat of somebody with the meetings bot of their server; the bot need not have come yet.
async fn chat(world: &World, person: &User) -> String {
    let bot = format!("@meet:{}", world.server_name());
    let body = json!({ "preset": "private_chat", "is_direct": true, "invite": [bot] });
    person.creates_room_like(body).await.room_id()
}

/// Says something to the bot, and waits for what it says to it.
async fn says(person: &User, room: &str, text: &str) -> String {
    let event = person.sends(room, text).await.event_id();
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=50");
    let is_answer =
        |found: &Value| found["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == event.as_str();
    let page = person
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_answer)))
        .await;
    let chunk = page["chunk"].as_array().unwrap();
    let answer = chunk.iter().find(|found| is_answer(found)).unwrap();
    answer["content"]["body"].as_str().unwrap().to_owned()
}

/// Asks with any client when somebody is busy on the sixth of November.
async fn asks(person: &User, who: &str) -> testkit::Answer {
    let path = format!("/_matrix/client/unstable/org.matrix.msc4496/user/{}/availability", segment(who));
    person
        .post(&path, json!({ "range_start": "2026-11-06T00:00:00Z", "range_end": "2026-11-07T00:00:00Z" }))
        .await
}

async fn grants(person: &User, content: Value) {
    let path = format!("/_matrix/client/v3/user/{}/account_data/{POLICY}", segment(&person.id));
    person.put(&path, content).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_people_see_what_was_granted_to_them_and_no_more() {
    let neighbourhood = Neighbourhood::new(&["a", "b"]);
    let b = server(&neighbourhood, "b", Vec::new()).await;
    let a = server(&neighbourhood, "a", vec![b.server_name()]).await;
    let (alice, bob, carol) = (a.user("alice").await, b.user("bob").await, b.user("carol").await);
    let desk = chat(&b, &bob).await;
    says(&bob, &desk, "!meet 晨会 明天 10:00 30m").await;

    asks(&alice, &bob.id).await.fails_as(403, "M_FORBIDDEN");
    let busy = json!({ "start": "2026-11-06T02:00:00Z", "end": "2026-11-06T02:30:00Z", "type": "BUSY" });
    let seen = asks(&carol, &bob.id).await.ok();
    assert_eq!(seen["busy"], json!([busy]), "colleagues see when");

    says(&bob, &desk, &format!("!meet share {} titles", alice.id)).await;
    let path = format!("/_matrix/client/v3/user/{}/account_data/{POLICY}", segment(&bob.id));
    let granted = bob.get(&path).await.ok();
    assert_eq!(granted, json!({ "v": 1, "grants": [{ "subject": alice.id, "tier": 2 }] }));
    let seen = asks(&alice, &bob.id).await.ok();
    assert_eq!((&seen["user_id"], &seen["busy"][0]["title"]), (&json!(bob.id), &json!("晨会")), "{seen}");
    let mallory = a.user("mallory").await;
    asks(&mallory, &bob.id).await.fails_as(403, "M_FORBIDDEN");

    // Any client of bob's may say otherwise, and it holds at once.
    let everybody = format!("*:{}", a.server_name());
    grants(&bob, json!({ "v": 1, "grants": [{ "subject": everybody, "tier": 1 }] })).await;
    assert_eq!(asks(&mallory, &bob.id).await.ok()["busy"], json!([busy]));
    let own = chat(&a, &alice).await;
    let free = format!("!meet free {} 明天", bob.id);
    assert_eq!(says(&alice, &own, &free).await, "11-06 忙闲\nbob：忙 10:00–10:30");
    let nonsense = json!({ "v": 1, "grants": [{ "subject": "everybody", "tier": 9 }] });
    grants(&bob, nonsense).await;
    asks(&alice, &bob.id).await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(says(&alice, &own, &free).await, "11-06 忙闲\nbob：未知");

    // Nobody asks in the name of somebody else, and nobody but its keeper reads what others grant.
    let path = format!("/_matrix/client/unstable/org.matrix.msc4496/user/{}/availability", segment(&bob.id));
    let body = json!({
        "range_start": "2026-11-06T00:00:00Z", "range_end": "2026-11-07T00:00:00Z", "com.lianqiao.asker": alice.id,
    });
    mallory.post(&path, body).await.fails_as(403, "M_FORBIDDEN");
    let path = format!("/_matrix/client/v3/user/{}/account_data/{POLICY}", segment(&bob.id));
    carol.get(&path).await.fails_as(403, "M_FORBIDDEN");
    carol.put(&path, json!({})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_server_learns_what_it_was_granted_and_is_believed_in_nothing_else() {
    let neighbourhood = Neighbourhood::new(&["a", "eve"]);
    let eve = Peer::start(&neighbourhood, "eve").await;
    let a = server(&neighbourhood, "a", vec![eve.name().to_owned()]).await;
    let alice = a.user("alice").await;
    let desk = chat(&a, &alice).await;
    says(&alice, &desk, "!meet 晨会 明天 10:00 30m").await;
    let path =
        format!("/_matrix/federation/unstable/org.matrix.msc4496/user/{}/availability", segment(&alice.id));
    let day = "start=2026-11-06T00:00:00Z&end=2026-11-07T00:00:00Z";
    let as_eve = format!("com.lianqiao.asker={}", segment(&eve.user("eve")));

    // What it asks.
    let unsigned = a.stranger().get(&format!("{path}?{day}")).await;
    unsigned.fails_as(401, "M_UNAUTHORIZED");
    eve.gets(&a, &format!("{path}?{day}")).await.fails_as(403, "M_FORBIDDEN");
    grants(&alice, json!({ "v": 1, "grants": [{ "subject": eve.user("eve"), "tier": 2 }] })).await;
    eve.gets(&a, &format!("{path}?{day}")).await.fails_as(403, "M_FORBIDDEN");
    let told = eve.gets(&a, &format!("{path}?{day}&{as_eve}")).await.ok();
    assert_eq!(told["busy"][0]["title"], "晨会", "{told}");
    let as_ours = format!("com.lianqiao.asker={}", segment(&alice.id));
    for query in [
        format!("{day}&{as_ours}"),
        format!("{day}&com.lianqiao.asker=eve"),
        format!("start=2026-11-06T00:00:00Z&{as_eve}"),
        format!("start=2020-01-01T00:00:00Z&end=2030-01-01T00:00:00Z&{as_eve}"),
        format!("start=2026-11-07T00:00:00Z&end=2026-11-06T00:00:00Z&{as_eve}"),
        format!("start={}&end=2026-11-07T00:00:00Z&{as_eve}", "9".repeat(1_000)),
    ] {
        eve.gets(&a, &format!("{path}?{query}")).await.fails_as(400, "M_INVALID_PARAM");
    }
    let of = |user: &str| path.replace(&segment(&alice.id), &segment(user));
    eve.gets(&a, &format!("{}?{day}", of(&eve.user("eve")))).await.fails_as(400, "M_INVALID_PARAM");
    let nobody = format!("@nobody:{}", a.server_name());
    eve.gets(&a, &format!("{}?{day}&{as_eve}", of(&nobody))).await.fails_as(403, "M_FORBIDDEN");

    // What it says.
    let free = format!("!meet free {} 明天", eve.user("eve"));
    // The days beside it are asked for as well: what goes over midnight is shown whole.
    let said = |user: &str, busy: Value| {
        json!({
            "user_id": user, "range_start": "2026-11-04T16:00:00Z", "range_end": "2026-11-07T16:00:00Z", "busy": busy,
        })
    };
    let hour = json!({ "start": "2026-11-06T02:00:00Z", "end": "2026-11-06T03:00:00Z", "type": "BUSY" });
    let endless =
        json!({ "start": "2026-11-06T02:00:00Z", "end": "+999999-01-01T00:00:00Z", "type": "BUSY" });
    for wrong in [
        json!([]),
        json!({ "busy": [] }),
        said(&alice.id, json!([hour])),
        said(&eve.user("eve"), json!("all day")),
        said(&eve.user("eve"), json!([endless])),
        said(&eve.user("eve"), json!(vec![hour.clone(); 20_000])),
        json!({ "user_id": eve.user("eve"), "range_start": "2026-11-06T00:00:00Z", "range_end": "2026-11-06T01:00:00Z", "busy": [] }),
    ] {
        eve.answers("msc4496", 200, wrong);
        assert_eq!(says(&alice, &desk, &free).await, "11-06 忙闲\neve：未知");
    }
    let title = "x\n李四：全天空闲\u{202e}";
    let mut titled = hour.clone();
    titled["title"] = json!(title);
    eve.answers("msc4496", 200, said(&eve.user("eve"), json!([titled])));
    let shown = says(&alice, &desk, &free).await;
    assert_eq!(shown.lines().count(), 2, "a title is one line: {shown}");
    assert!(shown.starts_with("11-06 忙闲\neve：忙 10:00–11:00 x"), "{shown}");
    assert!(
        eve.asked().iter().any(|asked| asked.contains(&format!("com.lianqiao.asker={}", segment(&alice.id)))),
        "it is told for whom: {:?}",
        eve.asked()
    );

    // Who says nothing is unknown after some seconds, and the bot goes on.
    eve.holds("msc4496");
    assert_eq!(says(&alice, &desk, &free).await, "11-06 忙闲\neve：未知");
    says(&alice, &desk, &format!("!meet find {} 30m 明天", eve.user("eve"))).await;
    let path = format!("/_matrix/client/v3/rooms/{desk}/messages?dir=b&limit=50");
    let is_named = |event: &Value| {
        event["content"]["body"].as_str().is_some_and(|body| body.contains("未知") && body.contains("eve"))
    };
    alice
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_named)))
        .await;
}
