//! What is signed by a server whose keys cannot be had just then is waited for: left out, it would be missing for good, and
//! on this server alone.

use base::Clock;
use testkit::{Neighbourhood, Peer};

use super::entered::{Partial, adds_of, entered_at};

const KEYS: &str = "/_matrix/key/v2/server";

/// Longer than a server is not asked again for its keys, in milliseconds.
const A_WHILE_MS: u64 = 31_000;

/// Longer than a server is waited for that does not tell them.
const TOO_LONG_MS: u64 = 121_000;

/// A room that alice has entered, in which elsie is too, whose server does not tell its keys.
struct Unproven {
    meeting: Partial,
    others: Peer,
    third: Peer,
    clock: Clock,
}

/// Alice is told of the `members` when she joins, or a moment later.
async fn entered(members: bool) -> Unproven {
    let neighbourhood = Neighbourhood::new(&["a", "eve", "mo", "zoe"]);
    let clock = Clock::fake(Clock::system().now_ms());
    let (others, third) = (Peer::start(&neighbourhood, "mo").await, Peer::start(&neighbourhood, "zoe").await);
    others.keeps_keys(true);
    let elsie = others.user("elsie");
    let meeting = entered_at(&neighbourhood, &clock, |peer, room| {
        peer.omits_nobody(members);
        drop(adds_of(room, peer, &others, &elsie, "join"));
        room.says(peer, &peer.user("charlie"), "welcome");
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
    room.third.keeps_keys(true);
    room.third.sends_all(&room.meeting.world, &[], &[]).await.fails_as(401, "M_UNAUTHORIZED");
    room.third.keeps_keys(false);
    room.meeting.peer.holds_state(false);
    room.clock.advance(TOO_LONG_MS);
    // Keys that come are a reason to look again at what lacks some.
    room.third.sends_all(&room.meeting.world, &[], &[]).await.ok();
    assert_eq!(room.members().await, 3);
}
