//! What is signed by a server whose keys cannot be had just then is waited for: left out, it would be missing for good, and
//! on this server alone.

use base::Clock;
use serde_json::json;
use testkit::{Neighbourhood, Peer};

use super::entered::{Partial, adds_of, entered_at};

const KEYS: &str = "/_matrix/key/v2/server";

/// Longer than a server is not asked again for its keys, in milliseconds.
const A_WHILE_MS: u64 = 31_000;

/// Longer than a server is waited for that does not tell them.
const TOO_LONG_MS: u64 = 121_000;

/// Longer than anything is waited for that a room lacks.
const WHOLE_WAIT_MS: u64 = 241_000;

/// A room that alice has entered, in which elsie is too, whose server does not tell its keys.
struct Unproven {
    meeting: Partial,
    others: Peer,
    third: Peer,
    clock: Clock,
}

/// Alice is told of the `members` when she joins, or a moment later.
async fn entered(members: bool) -> Unproven {
    entered_with(members, true).await
}

/// Elsie's coming is the last thing that happened before alice's own, unless charlie is the last to speak.
async fn entered_with(members: bool, charlie_speaks: bool) -> Unproven {
    let neighbourhood = Neighbourhood::new(&["a", "eve", "mo", "zoe"]);
    let clock = Clock::fake(Clock::system().now_ms());
    let (others, third) = (Peer::start(&neighbourhood, "mo").await, Peer::start(&neighbourhood, "zoe").await);
    others.keeps_keys(true);
    let elsie = others.user("elsie");
    let meeting = entered_at(&neighbourhood, &clock, |peer, room| {
        peer.omits_nobody(members);
        drop(adds_of(room, peer, &others, &elsie, "join"));
        if charlie_speaks {
            room.says(peer, &peer.user("charlie"), "welcome");
        }
    });
    Unproven { meeting: meeting.await, others, third, clock }
}

impl Unproven {
    fn is_whole(&self) -> bool {
        self.meeting.world.rooms().unwrap().partial_rooms().is_empty()
    }

    /// Elsie's server tells its keys, and shows that it is there. A question of before may still be on its way, so that it
    /// is not asked again at once.
    async fn keys_come(&self) {
        self.others.keeps_keys(false);
        for _ in 0..2 {
            self.clock.advance(A_WHILE_MS);
            if self.others.sends_all(&self.meeting.world, &[], &[]).await.status() == 200 {
                return;
            }
        }
        panic!("the keys are not asked for");
    }

    /// Time passes, and then a server tells its keys which did not: a reason to look again at what lacks some.
    async fn is_looked_at_after(&self, pause_ms: u64) {
        self.third.keeps_keys(false);
        self.clock.advance(pause_ms);
        self.third.sends_all(&self.meeting.world, &[], &[]).await.ok();
    }

    /// The third server does not tell its keys when it is first met.
    async fn meets_the_third(&self) {
        self.third.keeps_keys(true);
        self.third.sends_all(&self.meeting.world, &[], &[]).await.fails_as(401, "M_UNAUTHORIZED");
    }

    async fn members(&self) -> usize {
        let members = self.meeting.alice.reads_room(self.meeting.id(), "members").await.ok();
        members["chunk"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn somebody_whose_servers_keys_come_late_is_in_the_room_when_it_is_whole() {
    let room = entered(false).await;
    room.meeting.peer.holds_state(false);
    room.others.waits_to_be_asked(KEYS).await;
    room.keys_come().await;
    assert_eq!(room.members().await, 4);
}

#[tokio::test]
async fn a_join_that_is_told_everything_waits_for_the_keys_that_prove_it() {
    let room = entered(true).await;
    assert!(!room.is_whole(), "elsie's server has not told its keys");
    room.meeting.peer.holds_state(false);
    room.keys_come().await;
    assert_eq!(room.members().await, 4);
}

#[tokio::test]
async fn keys_are_waited_for_over_a_restart() {
    let mut room = entered(true).await;
    room.meeting.peer.holds_state(false);
    room.meeting.world.restarts().await;
    assert!(!room.is_whole());
    room.keys_come().await;
    assert_eq!(room.members().await, 4);
}

#[tokio::test]
async fn a_room_is_whole_without_those_whose_servers_keys_never_come() {
    let room = entered(true).await;
    room.meets_the_third().await;
    room.meeting.peer.holds_state(false);
    room.is_looked_at_after(TOO_LONG_MS).await;
    assert_eq!(room.members().await, 3);
}

#[tokio::test]
async fn a_room_is_whole_although_the_keys_of_its_last_event_never_come() {
    for members in [true, false] {
        let room = entered_with(members, false).await;
        room.meets_the_third().await;
        room.meeting.peer.holds_state(false);
        room.others.waits_to_be_asked(KEYS).await;
        assert!(!room.is_whole(), "they may still come");
        room.is_looked_at_after(WHOLE_WAIT_MS).await;
        assert_eq!(room.members().await, 3, "what could not be proved is left out");
        assert!(room.is_whole());
    }
}

#[tokio::test]
async fn the_last_event_is_in_the_room_when_its_keys_come_late() {
    let room = entered_with(true, false).await;
    room.meeting.peer.holds_state(false);
    room.keys_come().await;
    assert_eq!(room.members().await, 4);
}

#[tokio::test]
async fn a_host_that_tells_nothing_more_does_not_keep_a_room_from_being_whole() {
    let room = entered(true).await;
    let gone = json!({ "errcode": "M_NOT_FOUND", "error": "I do not know that event" });
    room.meeting.peer.answers("/state_ids/", 404, gone);
    room.meeting.peer.holds_state(false);
    room.clock.advance(WHOLE_WAIT_MS);
    assert_eq!(room.members().await, 3, "what was told with the join, and proved");
    assert!(room.is_whole());
}

#[tokio::test]
async fn a_host_that_is_away_for_a_moment_behind_its_proxy_is_asked_again() {
    let room = entered(false).await;
    room.others.keeps_keys(false);
    room.meets_the_third().await;
    let peer = &room.meeting.peer;
    peer.answers("/event/", 404, json!({}));
    peer.holds_state(false);
    peer.waits_to_be_asked("/event/").await;
    peer.answers_truly("/event/");
    room.is_looked_at_after(A_WHILE_MS).await;
    assert_eq!(room.members().await, 4);
}
