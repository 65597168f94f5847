//! A list is fetched once, followed by announcements, and fetched anew after a gap.

use serde_json::json;
use testkit::SigningKey;

use super::lists::{KEYS_ALONE, WHOLE_LIST, asked, devices, hears_of, is_asked, list, update};
use crate::federation_inbound::{Meeting, meeting};

#[tokio::test]
async fn a_list_is_fetched_once_and_followed_by_announcements() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));

    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("TWO", 2), 4, &[3])).await;
    hears_of(&alice, &eve).await;
    assert_eq!(devices(&alice, &eve).await, ["ONE", "TWO"]);
    let gone = json!({
        "user_id": eve, "device_id": "ONE", "stream_id": 5, "prev_id": [4], "deleted": true,
    });
    peer.sends_edu(&world, "m.device_list_update", gone).await;
    hears_of(&alice, &eve).await;
    assert_eq!(devices(&alice, &eve).await, ["TWO"]);
    // What is repeated says nothing new.
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("ONE", 1), 4, &[3])).await;
    assert_eq!(devices(&alice, &eve).await, ["TWO"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));
}

#[tokio::test]
async fn a_gap_between_announcements_has_the_list_fetched_anew() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    peer.answers(WHOLE_LIST, 200, list(&eve, 6, &[("ONE", 1), ("LOST", 2), ("TOLD", 3)]));
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("TOLD", 3), 6, &[5])).await;
    hears_of(&alice, &eve).await;
    // Nobody has to ask for that.
    is_asked(&peer, WHOLE_LIST, 2).await;
    assert_eq!(devices(&alice, &eve).await, ["LOST", "ONE", "TOLD"]);
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("NEXT", 4), 7, &[6])).await;
    hears_of(&alice, &eve).await;
    assert_eq!(devices(&alice, &eve).await, ["LOST", "NEXT", "ONE", "TOLD"]);
    // One that names nothing before it follows on nothing.
    peer.answers(WHOLE_LIST, 200, list(&eve, 1, &[("ANEW", 5)]));
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("DUMMY", 6), 1, &[])).await;
    hears_of(&alice, &eve).await;
    is_asked(&peer, WHOLE_LIST, 3).await;
    assert_eq!(devices(&alice, &eve).await, ["ANEW"]);
    assert_eq!(asked(&peer, KEYS_ALONE), 0);
}

#[tokio::test]
async fn many_who_ask_at_once_ask_once() {
    let Meeting { peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    let answers = futures_util::future::join_all((0..8).map(|_| devices(&alice, &eve))).await;
    assert!(answers.iter().all(|devices| *devices == ["ONE"]), "{answers:?}");
    assert_eq!(asked(&peer, WHOLE_LIST), 1);
}

#[tokio::test]
async fn a_list_that_a_server_does_not_give_is_asked_for_as_keys() {
    let Meeting { peer, alice, eve, .. } = meeting().await;
    let keys = SigningKey::new(1).device_keys(&eve, "ONE");
    peer.answers(KEYS_ALONE, 200, json!({ "device_keys": { &eve: { "ONE": keys } } }));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 1));
}

#[tokio::test]
async fn the_list_of_somebody_who_went_is_not_believed_any_more() {
    let mut meeting = meeting().await;
    let eve = meeting.eve.clone();
    let member = |membership: &str| json!({ "membership": membership });
    meeting.peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&meeting.alice, &eve).await, ["ONE"]);
    let (id, left) = meeting.branch.adds(&meeting.peer, &eve, "m.room.member", Some(&eve), member("leave"));
    meeting.peer.sends(&meeting.world, [&left]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    // Strangers are asked for each time.
    let keys = SigningKey::new(2).device_keys(&eve, "TWO");
    meeting.peer.answers(KEYS_ALONE, 200, json!({ "device_keys": { &eve: { "TWO": keys } } }));
    assert_eq!(devices(&meeting.alice, &eve).await, ["TWO"]);
    // What a stranger announces is nobody's business here.
    let strange = update(&eve, ("THREE", 3), 4, &[3]);
    meeting.peer.sends_edu(&meeting.world, "m.device_list_update", strange).await;
    let (id, back) = meeting.branch.adds(&meeting.peer, &eve, "m.room.member", Some(&eve), member("join"));
    meeting.peer.sends(&meeting.world, [&back]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    meeting.peer.answers(WHOLE_LIST, 200, list(&eve, 9, &[("FOUR", 4)]));
    assert_eq!(devices(&meeting.alice, &eve).await, ["FOUR"]);
    assert_eq!(asked(&meeting.peer, WHOLE_LIST), 2);
}
