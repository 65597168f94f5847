use std::collections::BTreeSet;

use model::{EventNum, Pdu, RoomNum};
use ruma::{OwnedEventId, OwnedUserId, UserId};
use store::Scan;

use super::tables::{PARTIAL_EVENT, PARTIAL_ROOM};
use super::*;
use crate::append::RoomImport;
use crate::limits::COMPLETED_ENTRIES_MAX;
use crate::member::Membership;
use crate::peers::tests::{arrived, joins_told};
use crate::test_support::{message, public_room, rooms, rooms_of, user};
use crate::{Created, Joining, Rooms};

const ELSEWHERE: &str = "elsewhere.test";

fn bob() -> OwnedUserId {
    UserId::parse(format!("@bob:{ELSEWHERE}")).unwrap()
}

/// Bob of another server enters a room of ours without being told its members.
async fn enters_partially(here: &Rooms, there: &Rooms, created: &Created) -> (RoomNum, EventNum) {
    enters(here, there, created, (true, false)).await
}

/// The same; whether the members are left out of what is told, and whether that counts as all there is.
async fn enters(
    here: &Rooms,
    there: &Rooms,
    created: &Created,
    (omits_members, is_all_told): (bool, bool),
) -> (RoomNum, EventNum) {
    let (join, told, template) = joins_told(here, there, created, omits_members).await;
    let import = RoomImport {
        room_id: created.room_id.clone(),
        version: template.version,
        state: told.state,
        auth_chain: told.auth_chain,
        join,
        partial: Some(PartialState {
            helper: here.server_name().to_owned(),
            servers: told.servers,
            is_all_told,
        }),
    };
    let entered = there.import_room(import).await.unwrap();
    (there.resident_room(&created.room_id).await.unwrap(), entered.event)
}

/// The state before bob's join, as it arrives there.
async fn fetched(here: &Rooms, there: &Rooms, room: RoomNum, join: EventNum) -> Vec<EventNum> {
    let join = there.pdu(there.store(), join).await.unwrap();
    let event = here.event_num(here.store(), join.event_id()).await.unwrap().unwrap();
    let before = here.meta(here.store(), event).await.unwrap().state_before;
    let state: Vec<EventNum> =
        here.state_at(here.store(), before).await.unwrap().iter().map(|(_, event)| *event).collect();
    let behind = here.auth_chain(&state).await.unwrap();
    let version = there.room_version(there.store(), room).await.unwrap();
    let all: Vec<EventNum> = behind.into_iter().chain(state.iter().copied()).collect();
    let all = here.pdus(here.store(), &all).await.unwrap();
    let all: Vec<Pdu> = all.iter().map(|pdu| arrived(here, pdu, version)).collect();
    assert_eq!(there.keep_judged(room, all).await.unwrap(), 0);
    let ids = here.event_ids(&state).await.unwrap();
    there.event_nums(there.store(), &ids).await.unwrap().into_iter().flatten().collect()
}

async fn state_ids(rooms: &Rooms, room: RoomNum) -> BTreeSet<OwnedEventId> {
    let state = rooms.current_state_all(rooms.store(), room).await.unwrap();
    let events: Vec<EventNum> = state.into_iter().map(|(_, event)| event).collect();
    rooms.event_ids(&events).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn a_large_room_becomes_whole_step_by_step() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let alice = user("alice");
    let created = public_room(&here, &"11".try_into().unwrap(), &alice, &[]).await;
    for number in 0..COMPLETED_ENTRIES_MAX + 50 {
        let member = user(&format!("member{number}"));
        here.join(&created.room_id, &member, &Joining::default()).await.unwrap();
    }
    let (room, join) = enters_partially(&here, &there, &created).await;
    assert!(there.is_partial(room));
    let known = there.member_counts(there.store(), room).await.unwrap().joined;
    assert!(known < 10, "{known} members are known");
    assert!(there.server_is_in_room(room, here.server_name()).await.unwrap());
    there.append(room, message(&bob(), "hello")).await.unwrap();
    let state = fetched(&here, &there, room, join).await;
    assert!(there.complete_partial_room(room, join, &[state]).await.unwrap());
    assert!(!there.is_partial(room));
    assert_eq!(state_ids(&there, room).await, state_ids(&here, created.room).await);
    let joined = here.member_counts(here.store(), created.room).await.unwrap().joined;
    assert_eq!(there.member_counts(there.store(), room).await.unwrap().joined, joined);
    let servers = there.joined_servers(there.store(), room).await.unwrap();
    assert_eq!(servers, [(here.server_name().to_owned(), joined - 1)], "no server is counted twice");
    let completion = there.completion(room).await.unwrap().unwrap();
    assert!(completion.first < completion.last, "in more than one step");
    let left = there.store().count(&PARTIAL_EVENT, Scan::prefix(&room).limit(10)).await.unwrap();
    assert_eq!((left, there.store().exists(&PARTIAL_ROOM, &room).await.unwrap()), (0, false));
    there.append(room, message(&bob(), "everybody")).await.unwrap();
    assert!(!there.complete_partial_room(room, join, &[]).await.unwrap(), "it is whole");
}

#[tokio::test]
async fn a_partial_room_is_known_after_a_start_and_given_up_when_all_have_left() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let created = public_room(&here, &"12".try_into().unwrap(), &user("alice"), &[]).await;
    let (room, join) = enters_partially(&here, &there, &created).await;
    let again = Rooms::new(there.parts.clone());
    assert!(!again.is_partial(room));
    again.load_partial_rooms().await.unwrap();
    assert_eq!(again.partial_room(room), there.partial_room(room));
    assert!(!again.abandon_partial_room(room).await.unwrap(), "bob is in it");
    again.leave(&created.room_id, &bob(), None).await.unwrap();
    assert!(again.abandon_partial_room(room).await.unwrap());
    assert!(!again.is_partial(room));
    let servers = again.joined_servers(again.store(), room).await.unwrap();
    assert_eq!(servers, [(here.server_name().to_owned(), 1)], "alice is known, and no server beside her");
    assert!(!again.complete_partial_room(room, join, &[]).await.unwrap());
}

#[tokio::test]
async fn who_was_invited_enters_a_closed_room_without_being_told_its_members() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let alice = user("alice");
    let mut request = crate::CreateRoom::new(alice.clone());
    request.name = Some("closed".to_owned());
    let created = here.create(&request).await.unwrap();
    let invite =
        here.unsent_invite(&created.room_id, &alice, &bob(), &crate::Inviting::default()).await.unwrap();
    let invite = arrived(&here, &invite.pdu, invite.version);
    here.append_pdu(created.room, crate::ForeignEvent::new(invite)).await.unwrap();
    let (room, _) = enters_partially(&here, &there, &created).await;
    let member = there.member(there.store(), room, &bob()).await.unwrap().unwrap();
    assert_eq!(member.membership, Membership::Join);
    assert!(there.member(there.store(), room, &alice).await.unwrap().is_none(), "alice was not told");
}

#[tokio::test]
async fn a_room_of_which_all_was_told_is_made_whole_of_that_when_nobody_tells_more() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let created = public_room(&here, &"11".try_into().unwrap(), &user("alice"), &[]).await;
    for is_all_told in [false, true] {
        let (room, join) = enters(&here, &there, &created, (false, is_all_told)).await;
        there.append(room, message(&bob(), "hello")).await.unwrap();
        let outcome = there.complete_partial_room(room, join, &[]).await;
        assert_eq!(outcome.ok(), is_all_told.then_some(true));
        assert_eq!(there.is_partial(room), !is_all_told);
        if is_all_told {
            let state = state_ids(&there, room).await;
            assert!(state.is_superset(&state_ids(&here, created.room).await), "what was told is the state");
        } else {
            there.leave(&created.room_id, &bob(), None).await.unwrap();
            assert!(there.abandon_partial_room(room).await.unwrap());
        }
    }
}
