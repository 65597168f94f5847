//! Restricted rooms of which some members are on other servers: who vouches, and who has not heard yet.

use serde_json::json;
use testkit::{Neighbourhood, Peer, PeerRoom, segment};

const MAKE_JOIN: &str = "/make_join/";

#[tokio::test]
async fn a_refusal_by_those_who_have_not_heard_yet_is_not_the_last_word() {
    let neighbourhood = Neighbourhood::new(&["a", "eve"]);
    let a = neighbourhood.server("a", |_| {}).await;
    let eve = Peer::start(&neighbourhood, "eve").await;
    let [alice, bob] = a.users(["alice", "bob"]).await;
    let hall = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    bob.joins(&hall).await.ok();

    let founder = eve.user("founder");
    let founded = PeerRoom::founded(&eve, &founder, "11");
    eve.hosts(&founded);
    let id = founded.room_id.clone();
    let join = format!("/_matrix/client/v3/join/{}?via={}", segment(&id), segment(eve.name()));
    alice.post(&join, json!({})).await.ok();
    alice.get(&format!("/_matrix/client/v3/rooms/{}/members", segment(&id))).await.ok();

    // Nobody of this server may vouch, and eve does not know who is in the hall.
    let mut room = eve.hosted(&id);
    let condition = json!({ "type": "m.room_membership", "room_id": hall });
    let levels = json!({ "invite": 50, "users": { founder.as_str(): 100 } });
    let rule = json!({ "join_rule": "restricted", "allow": [condition] });
    let (_, levels) = room.adds(&eve, &founder, "m.room.power_levels", Some(""), levels);
    let (last, rule) = room.adds(&eve, &founder, "m.room.join_rules", Some(""), rule);
    eve.sends(&a, [&levels, &rule]).await;
    alice.waits_for_event(&id, &last).await;
    eve.answers(MAKE_JOIN, 403, json!({ "errcode": "M_FORBIDDEN", "error": "you are in none of the rooms" }));
    eve.holds(MAKE_JOIN);

    // While eve still thinks about it, alice is given the right to invite.
    let meanwhile = async {
        eve.waits_to_be_asked("bob").await;
        let levels = json!({ "invite": 50, "users": { founder.as_str(): 100, alice.id.as_str(): 50 } });
        let (promotion, levels) = room.adds(&eve, &founder, "m.room.power_levels", Some(""), levels);
        eve.sends(&a, [&levels]).await;
        alice.waits_for_event(&id, &promotion).await;
        eve.lets_go(MAKE_JOIN);
    };
    let (joined, ()) = tokio::join!(bob.post(&join, json!({})), meanwhile);
    joined.ok();
    let membership = bob.state(&id, "m.room.member", &bob.id).await.ok();
    assert_eq!(membership["join_authorised_via_users_server"], alice.id);
}
