//! Tests of the door, over the memory store.

use model::TimelinePos;
use ruma::api::Direction;

use super::*;
use crate::json::canonical_object;
use crate::read::TimelineRange;
use crate::test_support::{is_forbidden, message, public_room, rooms, user, versions};
use crate::{CreateRoom, Joining, Membership};

async fn timeline(rooms: &Rooms, room: RoomNum) -> Vec<(TimelinePos, String)> {
    let store = rooms.store();
    let rows = rooms.timeline(store, room, TimelineRange::all(), Direction::Forward, 1_000).await.unwrap();
    let mut kinds = Vec::new();
    for (position, event) in rows {
        kinds.push((position, rooms.pdu(store, event).await.unwrap().kind().to_owned()));
    }
    kinds
}

#[tokio::test]
async fn a_room_of_every_version_takes_messages_and_members() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    for version in versions() {
        let created = public_room(&rooms, &version, &alice, &[&bob]).await;
        let sent = rooms.append(created.room, message(&bob, "hi")).await.unwrap();
        let store = rooms.store();
        let meta = rooms.meta(store, sent.event).await.unwrap();
        assert_eq!(meta.position, Some(TimelinePos::from(sent.position)), "version {version}");
        assert_eq!(meta.state_before, meta.state_after);
        assert_eq!(rooms.latest_position(created.room).await.unwrap(), sent.position);
        let kinds: Vec<String> =
            timeline(&rooms, created.room).await.into_iter().map(|(_, kind)| kind).collect();
        let expected = [
            "m.room.create",
            "m.room.member",
            "m.room.power_levels",
            "m.room.join_rules",
            "m.room.history_visibility",
            "m.room.member",
            "m.room.message",
        ];
        assert_eq!(kinds, expected, "version {version}");
        let counts = rooms.member_counts(store, created.room).await.unwrap();
        assert_eq!((counts.joined, counts.invited), (2, 0));
        assert_eq!(rooms.local_members(created.room).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn each_event_stands_on_the_one_before() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = public_room(&rooms, &"11".try_into().unwrap(), &alice, &[]).await;
    let first = rooms.append(created.room, message(&alice, "one")).await.unwrap();
    let second = rooms.append(created.room, message(&alice, "two")).await.unwrap();
    let store = rooms.store();
    let (first_pdu, pdu) =
        (rooms.pdu(store, first.event).await.unwrap(), rooms.pdu(store, second.event).await.unwrap());
    assert_eq!(pdu.prev_events(), [first.event_id]);
    assert_eq!(pdu.depth(), first_pdu.depth() + 1);
    assert!(second.position > first.position);
}

#[tokio::test]
async fn many_senders_at_once_lose_nothing_and_double_nothing() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = public_room(&rooms, &"12".try_into().unwrap(), &alice, &[]).await;
    let before = timeline(&rooms, created.room).await.len();
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (rooms, alice) = (rooms.clone(), alice.clone());
        sending.spawn(async move { rooms.append(created.room, message(&alice, &number.to_string())).await });
    }
    let mut ids = std::collections::BTreeSet::new();
    while let Some(sent) = sending.join_next().await {
        ids.insert(sent.unwrap().unwrap().event_id);
    }
    assert_eq!(ids.len(), 64);
    assert_eq!(timeline(&rooms, created.room).await.len(), before + 64);
    let store = rooms.store();
    let head = store.get(&crate::tables::HEAD, &created.room).await.unwrap().unwrap();
    assert_eq!(head.extremities.len(), 1);
}

#[tokio::test]
async fn a_repeated_transaction_is_one_event_also_when_both_run_at_once() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = public_room(&rooms, &"12".try_into().unwrap(), &alice, &[]).await;
    let new = |body: &str| NewEvent {
        transaction: Some(TransactionKey {
            scope: "DEVICE".to_owned(),
            endpoint: "send".to_owned(),
            transaction_id: "1".to_owned(),
        }),
        ..message(&alice, body)
    };
    let room = created.room;
    let (a, b) = tokio::join!(rooms.append(room, new("a")), rooms.append(room, new("b")));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a, b);
    assert_eq!(rooms.append(room, new("c")).await.unwrap(), a);
    rooms.parts.clock.advance(crate::limits::TRANSACTION_AGE_MS_MAX + 1);
    assert_eq!(rooms.forget_old_transactions().await.unwrap(), 1);
    assert_eq!(rooms.forget_old_transactions().await.unwrap(), 0);
    assert_ne!(rooms.append(room, new("d")).await.unwrap().event_id, a.event_id);
}

#[tokio::test]
async fn who_is_not_in_the_room_cannot_send() {
    let rooms = rooms().await;
    let (alice, mallory) = (user("alice"), user("mallory"));
    for version in versions() {
        let created = public_room(&rooms, &version, &alice, &[]).await;
        assert!(
            is_forbidden(&rooms.append(created.room, message(&mallory, "hi")).await),
            "version {version}"
        );
    }
}

#[tokio::test]
async fn an_event_that_is_too_large_is_refused_and_the_room_goes_on() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = public_room(&rooms, &"12".try_into().unwrap(), &alice, &[]).await;
    let large = rooms.append(created.room, message(&alice, &"x".repeat(70_000))).await;
    assert!(matches!(large, Err(RoomsError::TooLarge(_))), "{large:?}");
    rooms.append(created.room, message(&alice, "small")).await.unwrap();
}

#[tokio::test]
async fn a_redaction_empties_the_stored_event() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    for version in versions() {
        let created = public_room(&rooms, &version, &alice, &[&bob]).await;
        let sent = rooms.append(created.room, message(&bob, "secret")).await.unwrap();
        let room_id = &created.room_id;
        let redact = |sender| rooms.redact(room_id, sender, &sent.event_id, Some("spam"), Default::default());
        let redaction = redact(&alice).await.unwrap();
        let store = rooms.store();
        assert_eq!(rooms.pdu(store, sent.event).await.unwrap().content_str(), "{}", "version {version}");
        let meta = rooms.meta(store, sent.event).await.unwrap();
        let redacted_by = rooms.pdu(store, meta.redacted_by.unwrap()).await.unwrap();
        assert_eq!(redacted_by.event_id(), redaction);
        let own = rooms.append(created.room, message(&alice, "kept")).await.unwrap();
        let refused = rooms.redact(room_id, &bob, &own.event_id, None, Default::default()).await;
        assert!(is_forbidden(&refused), "version {version}");
    }
}

#[tokio::test]
async fn memberships_follow_the_member_events() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let created = rooms.create(&CreateRoom::new(alice.clone())).await.unwrap();
    let store = rooms.store();
    let room_id = &created.room_id;
    assert!(is_forbidden(&rooms.join(room_id, &bob, &Joining::default()).await));
    let invite = rooms.invite(room_id, &alice, &bob, None).await.unwrap();
    let member = rooms.member(store, created.room, &bob).await.unwrap().unwrap();
    assert_eq!(
        (member.membership, member.event, member.position),
        (Membership::Invite, invite.event, invite.position)
    );
    assert!(!rooms.stripped_state(store, &bob, created.room).await.unwrap().is_empty());
    assert!(rooms.join(room_id, &bob, &Joining::default()).await.unwrap());
    assert!(!rooms.join(room_id, &bob, &Joining::default()).await.unwrap());
    assert!(rooms.stripped_state(store, &bob, created.room).await.unwrap().is_empty());
    assert_eq!(rooms.joined_rooms(&bob).await.unwrap(), std::slice::from_ref(room_id));
    rooms.leave(room_id, &bob, None).await.unwrap();
    rooms.leave(room_id, &bob, None).await.unwrap();
    let changes = rooms.membership_changes(store, &bob, StreamPos::ZERO, store.frontier()).await.unwrap();
    let steps: Vec<_> = changes.iter().map(|change| (change.previous, change.membership)).collect();
    assert_eq!(
        steps,
        [
            (None, Membership::Invite),
            (Some(Membership::Invite), Membership::Join),
            (Some(Membership::Join), Membership::Leave),
        ]
    );
    assert_eq!(rooms.latest_membership_change(&bob).await.unwrap(), changes[2].position);
    assert!(rooms.joined_rooms(&bob).await.unwrap().is_empty());
    rooms.forget(room_id, &bob).await.unwrap();
    assert!(rooms.member(store, created.room, &bob).await.unwrap().unwrap().forgotten);
    assert!(matches!(rooms.forget(room_id, &alice).await, Err(RoomsError::StillInRoom)));
}

#[tokio::test]
async fn a_forked_event_changes_nothing_that_the_rules_forbid() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    for version in versions() {
        let created = public_room(&rooms, &version, &alice, &[&bob]).await;
        let store = rooms.store();
        let fork = rooms.append(created.room, message(&bob, "before the ban")).await.unwrap();
        rooms.ban(&created.room_id, &alice, &bob, None, false).await.unwrap();
        let late = foreign(&rooms, created.room, &fork.event_id, message(&bob, "late")).await;
        let verdict = rooms.append_pdu(created.room, late.clone()).await.unwrap();
        assert_eq!(verdict, Verdict::SoftFailed, "version {version}");
        assert_eq!(rooms.append_pdu(created.room, late.clone()).await.unwrap(), Verdict::Known);
        let num = rooms.event_num(store, late.pdu.event_id()).await.unwrap().unwrap();
        assert_eq!(rooms.meta(store, num).await.unwrap().position, None);
        let member = rooms.member(store, created.room, &bob).await.unwrap().unwrap();
        assert_eq!(member.membership, Membership::Ban);
    }
}

#[tokio::test]
async fn two_branches_end_in_one_state_in_every_version() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    for version in versions() {
        let created = public_room(&rooms, &version, &alice, &[&bob]).await;
        let store = rooms.store();
        let fork = rooms.append(created.room, message(&alice, "fork here")).await.unwrap();
        let state = |kind: &str, json: &str| {
            NewEvent::state(alice.clone(), kind, "", canonical_object(json).unwrap())
        };
        let topic = rooms.append(created.room, state("m.room.topic", r#"{"topic":"kept"}"#)).await.unwrap();
        rooms.parts.clock.advance(1_000);
        let name = state("m.room.name", r#"{"name":"from the branch"}"#);
        let name = foreign(&rooms, created.room, &fork.event_id, name).await;
        let before = rooms.latest_state_change(created.room).await.unwrap();
        let verdict = rooms.append_pdu(created.room, name.clone()).await.unwrap();
        let Verdict::Accepted { event, position } = verdict else { panic!("version {version}: {verdict:?}") };
        let current = |kind: &'static str| rooms.current_state_num(store, created.room, kind, "");
        assert_eq!(current("m.room.name").await.unwrap(), Some(event), "version {version}");
        assert_eq!(current("m.room.topic").await.unwrap(), Some(topic.event));
        let changes = rooms.state_changes(store, created.room, before, position).await.unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].old, changes[0].new, changes[0].position), (None, Some(event), position));
        let head = store.get(&crate::tables::HEAD, &created.room).await.unwrap().unwrap();
        assert_eq!(head.extremities.len(), 2);
        let merged = rooms.append(created.room, message(&bob, "merge")).await.unwrap();
        let pdu = rooms.pdu(store, merged.event).await.unwrap();
        assert_eq!(pdu.prev_events().len(), 2);
        let at = rooms.meta(store, merged.event).await.unwrap().state_before;
        let in_snapshot = rooms.state_num_at(store, at, "m.room.topic", "").await.unwrap();
        assert_eq!(in_snapshot, Some(topic.event), "version {version}");
        assert_eq!(rooms.state_num_at(store, at, "m.room.name", "").await.unwrap(), Some(event));
    }
}

#[tokio::test]
async fn an_event_that_refers_to_the_unknown_is_not_taken_in() {
    let rooms = rooms().await;
    let alice = user("alice");
    let here = public_room(&rooms, &"11".try_into().unwrap(), &alice, &[]).await;
    let other = public_room(&rooms, &"11".try_into().unwrap(), &alice, &[]).await;
    let elsewhere = rooms.append(other.room, message(&alice, "elsewhere")).await.unwrap();
    for prev in [elsewhere.event_id, ruma::owned_event_id!("$unknown")] {
        let event = foreign(&rooms, here.room, &prev, message(&alice, "astray")).await;
        let outcome = rooms.append_pdu(here.room, event).await;
        assert!(matches!(outcome, Err(RoomsError::EventNotFound)), "{outcome:?}");
    }
}

/// An event on one old event, authorised by the current state.
async fn foreign(rooms: &Rooms, room: RoomNum, prev: &ruma::EventId, new: NewEvent) -> ForeignEvent {
    let mut writer = rooms.locks.lock(room).await;
    let mut draft = Draft::open(rooms, room, &mut writer).await.unwrap();
    draft.tip.extremities = vec![(EventNum::new(1), prev.to_owned())];
    let authority = auth::authority_at(rooms, &draft, &new, prev).await;
    let pdu = auth::build(&draft, &new, &authority).await.unwrap();
    ForeignEvent::new(pdu)
}
