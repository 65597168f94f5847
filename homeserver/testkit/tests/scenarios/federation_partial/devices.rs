//! Who was not known to be there learns late whose devices changed.

use serde_json::json;
use testkit::{Neighbourhood, Peer};

use super::entered::{adds_of, derek_leaves, entered_in, is_told_of, lazily_until, told_of};

#[tokio::test]
async fn a_server_that_nobody_named_learns_late_whose_devices_changed() {
    for goes_meanwhile in [false, true] {
        let neighbourhood = Neighbourhood::new(&["a", "eve", "mo"]);
        let other = Peer::start(&neighbourhood, "mo").await;
        let elsie = other.user("elsie");
        let mut meeting =
            entered_in(&neighbourhood, |peer, room| drop(adds_of(room, peer, &other, &elsie, "join"))).await;
        meeting.renames_device("one").await;
        assert_eq!(told_of(&other, &meeting.alice.id), 0, "nobody said that elsie is there");
        if goes_meanwhile {
            let left = meeting.meets_elsewhere(&other, &elsie).await;
            lazily_until(&meeting.alice, meeting.id(), &left).await;
        }
        meeting.becomes_whole().await;
        is_told_of(&other, &meeting.alice.id, 1).await;
        meeting.renames_device("two").await;
        is_told_of(&other, &meeting.alice.id, 2).await;
    }
}

#[tokio::test]
async fn a_server_that_was_thought_away_learns_late_whose_devices_changed() {
    for goes_meanwhile in [false, true] {
        let neighbourhood = Neighbourhood::new(&["a", "eve", "mo"]);
        let other = Peer::start(&neighbourhood, "mo").await;
        let elsie = other.user("elsie");
        let mut stay = String::new();
        let mut meeting =
            entered_in(&neighbourhood, |peer, room| stay = derek_leaves(peer, room, &elsie)).await;
        let (id, join) = adds_of(&mut meeting.room, &meeting.peer, &other, &elsie, "join");
        meeting.peer.sends(&meeting.world, [&join]).await;
        lazily_until(&meeting.alice, meeting.id(), &id).await;
        meeting.renames_device("one").await;
        is_told_of(&other, &meeting.alice.id, 1).await;

        let leave = json!({ "membership": "leave" });
        let (kick, event) = meeting.derek_claims(&stay, "m.room.member", &elsie, leave);
        meeting.peer.sends(&meeting.world, [&event]).await;
        lazily_until(&meeting.alice, meeting.id(), &kick).await;
        meeting.renames_device("two").await;
        assert_eq!(told_of(&other, &meeting.alice.id), 1, "elsie is thought to have gone");
        let mut gone = None;
        if goes_meanwhile {
            let leave = meeting.meets_elsewhere(&other, &elsie).await;
            // The state so far is resolved with what the leave names (MSC3902). A kick that names the join stands after it
            // there, whatever the times say, so elsie has gone already, and only who is there may go. What comes after the
            // leave is here, so it was looked at.
            let charlie = meeting.charlie.clone();
            let after = meeting.says(&charlie, "has elsie gone?").await;
            lazily_until(&meeting.alice, meeting.id(), &after).await;
            assert!(!meeting.has(&leave).await, "who is thought to have gone cannot go");
            gone = Some(leave);
        }
        meeting.becomes_whole().await;
        assert!(!meeting.has(&kick).await, "derek could kick nobody");
        if let Some(leave) = gone {
            assert!(meeting.has(&leave).await, "elsie has gone by herself");
        }
        is_told_of(&other, &meeting.alice.id, 2).await;
        meeting.renames_device("three").await;
        is_told_of(&other, &meeting.alice.id, 3).await;
    }
}
