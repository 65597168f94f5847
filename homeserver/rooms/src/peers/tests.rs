use model::{Pdu, TimelinePos};
use rules::foreign;
use ruma::api::Direction;
use ruma::serde::Base64;
use ruma::signatures::{Ed25519KeyPair, PublicKeyMap};
use ruma::{OwnedUserId, UserId};

use super::*;
use crate::append::{ForeignEvent, NewEvent, RoomImport, Verdict};
use crate::json::canonical_object;
use crate::member::Membership;
use crate::read::TimelineRange;
use crate::test_support::{message, public_room, rooms, rooms_of, user, versions};
use crate::{Created, Joining, Rooms, RoomsError};

const ELSEWHERE: &str = "elsewhere.test";

fn bob() -> OwnedUserId {
    UserId::parse(format!("@bob:{ELSEWHERE}")).unwrap()
}

/// An event as it arrives on another server.
pub(crate) fn arrived(from: &Rooms, pdu: &Pdu, version: &model::RoomVersion) -> Pdu {
    let key: &Ed25519KeyPair = &from.parts.signing_key;
    let keys = [("ed25519:1".to_owned(), Base64::new(key.public_key().to_vec()))].into();
    let keys = PublicKeyMap::from([(from.parts.server_name.to_string(), keys)]);
    foreign::read(pdu.json(), version).unwrap().verify(version, &keys).unwrap()
}

/// Bob of another server joins over a template; what he signs, and what he is told of the room.
async fn joins(here: &Rooms, there: &Rooms, created: &Created) -> (Pdu, ToldRoom, MembershipTemplate) {
    joins_told(here, there, created, false).await
}

/// The same, and whether members are left out of what he is told.
pub(crate) async fn joins_told(
    here: &Rooms,
    there: &Rooms,
    created: &Created,
    omit_members: bool,
) -> (Pdu, ToldRoom, MembershipTemplate) {
    let template = here.membership_template(&created.room_id, &bob(), Membership::Join).await.unwrap();
    let content = there.own_join_content(&bob(), &Joining::default()).await.unwrap();
    let own = OwnMembership {
        room_id: &created.room_id,
        version: template.version,
        user: &bob(),
        content,
        prev_events: template.prev_events.clone(),
        auth_events: template.auth_events.clone(),
        depth: template.depth,
    };
    let join = there.sign_membership(own).unwrap();
    let pdu = arrived(there, &join, template.version);
    let server = there.server_name();
    let joined = here.append_peer_membership(&created.room_id, server, Membership::Join, pdu).await.unwrap();
    (join, here.told_room(&joined, omit_members).await.unwrap(), template)
}

fn import(
    created: &Created,
    version: &'static model::RoomVersion,
    told: &ToldRoom,
    join: &Pdu,
) -> RoomImport {
    RoomImport {
        room_id: created.room_id.clone(),
        version,
        state: told.state.clone(),
        auth_chain: told.auth_chain.clone(),
        join: join.clone(),
        partial: None,
    }
}

async fn bodies(rooms: &Rooms, room: model::RoomNum) -> Vec<String> {
    let store = rooms.store();
    let rows = rooms.timeline(store, room, TimelineRange::all(), Direction::Forward, 100).await.unwrap();
    let mut bodies = Vec::new();
    for (_, event) in rows {
        let pdu = rooms.pdu(store, event).await.unwrap();
        if pdu.kind() == "m.room.message" {
            let content: serde_json::Value = pdu.content_as().unwrap();
            bodies.push(content["body"].as_str().unwrap_or_default().to_owned());
        }
    }
    bodies
}

#[tokio::test]
async fn a_room_is_taken_over_and_goes_on_on_both_sides_in_every_version() {
    for version in versions() {
        let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
        let alice = user("alice");
        let created = public_room(&here, &version, &alice, &[]).await;
        let (join, told, template) = joins(&here, &there, &created).await;
        let imported = import(&created, template.version, &told, &join);
        there.import_room(imported.clone()).await.unwrap();
        there.import_room(imported).await.unwrap();
        let room = there.resident_room(&created.room_id).await.unwrap();
        let store = there.store();
        assert!(there.is_joined(store, room, &alice).await.unwrap(), "version {version}");
        let servers = there.joined_servers(store, room).await.unwrap();
        assert_eq!(servers, [(here.server_name().to_owned(), 1)], "version {version}");
        assert!(here.server_is_in_room(created.room, there.server_name()).await.unwrap());
        let answer = there.append(room, message(&bob(), "hello")).await.unwrap();
        let pdu = arrived(&there, &there.pdu(store, answer.event).await.unwrap(), template.version);
        let verdict = here.append_pdu(created.room, ForeignEvent::new(pdu)).await.unwrap();
        assert!(matches!(verdict, Verdict::Accepted { .. }), "version {version}: {verdict:?}");
        let reply = here.append(created.room, message(&alice, "and you")).await.unwrap();
        let pdu = arrived(&here, &here.pdu(here.store(), reply.event).await.unwrap(), template.version);
        let verdict = there.append_pdu(room, ForeignEvent::new(pdu)).await.unwrap();
        assert!(matches!(verdict, Verdict::Accepted { .. }), "version {version}: {verdict:?}");
        assert_eq!(bodies(&there, room).await, ["hello", "and you"]);
        assert_eq!(bodies(&here, created.room).await, ["hello", "and you"]);
    }
}

#[tokio::test]
async fn t03_a_room_that_was_forged_leaves_nothing_behind_and_the_next_join_works() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let created = public_room(&here, &"11".try_into().unwrap(), &user("alice"), &[]).await;
    let (join, told, template) = joins(&here, &there, &created).await;
    let mut forged = import(&created, template.version, &told, &join);
    forged.state.retain(|pdu| pdu.kind() != "m.room.create");
    let refused = there.import_room(forged).await;
    assert!(matches!(refused, Err(RoomsError::PeerNotBelieved(_))), "{refused:?}");
    let mut shut = import(&created, template.version, &told, &join);
    shut.state.retain(|pdu| pdu.kind() != "m.room.join_rules");
    let refused = there.import_room(shut).await;
    assert!(matches!(refused, Err(RoomsError::PeerNotBelieved(_))), "{refused:?}");
    assert!(there.room_num(there.store(), &created.room_id).await.unwrap().is_none());
    there.import_room(import(&created, template.version, &told, &join)).await.unwrap();
}

#[tokio::test]
async fn history_fills_the_gap_before_a_join_in_its_order() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let alice = user("alice");
    let created = public_room(&here, &"12".try_into().unwrap(), &alice, &[]).await;
    for number in 0..5 {
        here.append(created.room, message(&alice, &number.to_string())).await.unwrap();
    }
    let (join, told, template) = joins(&here, &there, &created).await;
    let joined = there.import_room(import(&created, template.version, &told, &join)).await.unwrap();
    let room = there.resident_room(&created.room_id).await.unwrap();
    let gap = there.gap_before(room, TimelinePos::MAX).await.unwrap().unwrap();
    assert_eq!((gap.at, &*gap.missing), (TimelinePos::from(joined.position), join.prev_events()));
    let peer = here.peer_room(&created.room_id, there.server_name()).await.unwrap();
    let page = here.backfill_for_peer(&peer, &gap.missing, 3).await.unwrap();
    assert_eq!(page.len(), 3);
    for pdu in page.iter().rev() {
        let pdu = arrived(&here, pdu, template.version);
        let mut foreign = ForeignEvent::new(pdu.clone());
        if !there.without_past(room, pdu.prev_events()).await.unwrap().is_empty() {
            let state = here.state_for_peer(&peer, pdu.event_id()).await.unwrap();
            let ids = here.event_ids(&state.state).await.unwrap();
            let known = there.event_nums(there.store(), &ids).await.unwrap();
            foreign.states.push(known.into_iter().flatten().collect());
        }
        assert_eq!(there.keep_history(room, foreign).await.unwrap(), Verdict::Kept);
    }
    assert_eq!(there.fill_gap(room, &gap).await.unwrap(), 3);
    assert_eq!(there.fill_gap(room, &gap).await.unwrap_or(0), 0);
    assert_eq!(bodies(&there, room).await, ["2", "3", "4"]);
    let next = there.gap_before(room, TimelinePos::MAX).await.unwrap().unwrap();
    assert!(next.at < TimelinePos::ZERO && next.missing.len() == 1);
}

#[tokio::test]
async fn who_comes_back_gets_the_present_state_and_a_gap() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let alice = user("alice");
    let created = public_room(&here, &"11".try_into().unwrap(), &alice, &[]).await;
    let (join, told, template) = joins(&here, &there, &created).await;
    there.import_room(import(&created, template.version, &told, &join)).await.unwrap();
    let room = there.resident_room(&created.room_id).await.unwrap();
    there.leave(&created.room_id, &bob(), None).await.unwrap();
    assert!(!there.is_resident(room).await.unwrap());
    let store = there.store();
    let left = there.member(store, room, &bob()).await.unwrap().unwrap();
    let leave = arrived(&there, &there.pdu(store, left.event).await.unwrap(), template.version);
    here.append_pdu(created.room, ForeignEvent::new(leave)).await.unwrap();
    assert!(here.servers_of_room(created.room).await.unwrap().is_empty());
    let topic = canonical_object(r#"{"topic":"meanwhile"}"#).unwrap();
    here.append(created.room, NewEvent::state(alice.clone(), "m.room.topic", "", topic)).await.unwrap();
    there.parts.clock.advance(1_000);
    let (join, told, template) = joins(&here, &there, &created).await;
    let back = there.import_room(import(&created, template.version, &told, &join)).await.unwrap();
    assert_eq!(there.resident_room(&created.room_id).await.unwrap(), room);
    let topic = there.current_state(store, room, "m.room.topic", "").await.unwrap();
    assert!(topic.is_some_and(|pdu| pdu.content_str().contains("meanwhile")));
    let gap = there.gap_before(room, TimelinePos::MAX).await.unwrap().unwrap();
    assert_eq!(gap.at, TimelinePos::from(back.position));
    let below = TimelineRange::up_to(gap.at.previous());
    let below = there.timeline(store, room, below, Direction::Backward, 1).await.unwrap();
    assert!(below[0].0.get() + 1_000 < gap.at.get(), "there is room for what is missing");
}

#[tokio::test]
async fn an_invite_from_outside_is_shown_and_can_be_taken_back() {
    let there = rooms_of(ELSEWHERE).await;
    let version = model::room_version(&"11".try_into().unwrap()).unwrap();
    let outside = |membership, stripped| OutsideMembership {
        room_id: ruma::owned_room_id!("!far:hs.test"),
        version,
        user: bob(),
        membership,
        event: None,
        stripped,
    };
    let stripped = vec![
        r#"{"type":"m.room.name","state_key":"","sender":"@a:hs.test","content":{"name":"x"},"extra":1}"#
            .to_owned(),
        r#"{"type":"m.room.name","state_key":7,"sender":"@a:hs.test","content":{}}"#.to_owned(),
        "nonsense".to_owned(),
    ];
    let room = there.outside_membership(outside(Membership::Invite, stripped)).await.unwrap();
    let shown = there.stripped_state(there.store(), &bob(), room).await.unwrap();
    assert_eq!(shown.len(), 1);
    assert!(!shown[0].windows(5).any(|window| window == b"extra"));
    let refused = there.append(room, message(&bob(), "hi")).await;
    assert!(matches!(refused, Err(RoomsError::RoomNotFound)), "{refused:?}");
    there.outside_membership(outside(Membership::Leave, Vec::new())).await.unwrap();
    let member = there.member(there.store(), room, &bob()).await.unwrap().unwrap();
    assert_eq!((member.membership, member.previous), (Membership::Leave, Some(Membership::Invite)));
    assert!(there.stripped_state(there.store(), &bob(), room).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_template_is_given_only_by_who_is_in_the_room_and_signed_for_who_may_come_in() {
    let here = rooms().await;
    let alice = user("alice");
    let created = here.create(&crate::CreateRoom::new(alice.clone())).await.unwrap();
    let refused = here.membership_template(&created.room_id, &bob(), Membership::Join).await;
    assert!(matches!(refused, Err(RoomsError::Forbidden(_))), "{refused:?}");
    let unknown = ruma::room_id!("!unknown:hs.test");
    let refused = here.membership_template(unknown, &bob(), Membership::Join).await;
    assert!(matches!(refused, Err(RoomsError::RoomNotFound)), "{refused:?}");
    let leave = here.append_peer_membership(
        &created.room_id,
        ruma::server_name!("elsewhere.test"),
        Membership::Leave,
        here.current_state(here.store(), created.room, "m.room.create", "").await.unwrap().unwrap(),
    );
    assert!(matches!(leave.await, Err(RoomsError::InvalidParam(_))));
}

/// Bob of another server in a room of alice's: his side of the room, and a message of his as it arrives here.
async fn bob_says(here: &Rooms, there: &Rooms, created: &Created, text: &str) -> (model::RoomNum, Pdu) {
    let (join, told, template) = joins(here, there, created).await;
    there.import_room(import(created, template.version, &told, &join)).await.unwrap();
    let room = there.resident_room(&created.room_id).await.unwrap();
    let said = there.append(room, message(&bob(), text)).await.unwrap();
    let pdu = there.pdu(there.store(), said.event).await.unwrap();
    (room, arrived(there, &pdu, template.version))
}

#[tokio::test]
async fn an_event_from_elsewhere_waits_for_an_own_one_that_is_not_durable_yet() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let alice = user("alice");
    let created = public_room(&here, &"11".try_into().unwrap(), &alice, &[]).await;
    let (_, said) = bob_says(&here, &there, &created, "hello").await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = parking_lot::Mutex::new(held);
    let mut slow = store::Batch::new();
    slow.on_commit(move |_| assert!(held.lock().recv().is_err()));
    let slow = here.store().submit(slow);
    let own = here.append(created.room, message(&alice, "on its way"));
    let foreign = here.append_pdu(created.room, ForeignEvent::new(said));
    let let_go = async { drop(release) };
    let (own, foreign, slow, ()) = tokio::join!(own, foreign, slow, let_go);
    slow.unwrap();
    own.unwrap();
    assert!(matches!(foreign, Ok(Verdict::Accepted { .. })), "{foreign:?}");
    assert_eq!(bodies(&here, created.room).await, ["on its way", "hello"]);
}

#[tokio::test]
async fn what_was_kept_as_history_and_never_placed_is_placed_when_it_comes_as_news() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let created = public_room(&here, &"12".try_into().unwrap(), &user("alice"), &[]).await;
    let (room, first) = bob_says(&here, &there, &created, "first").await;
    let version = here.room_version(here.store(), created.room).await.unwrap();
    let second = there.append(room, message(&bob(), "second")).await.unwrap();
    let second = arrived(&there, &there.pdu(there.store(), second.event).await.unwrap(), version);
    let kept = here.keep_history(created.room, ForeignEvent::new(first.clone())).await.unwrap();
    assert_eq!(kept, Verdict::Kept);
    assert!(bodies(&here, created.room).await.is_empty());
    // What is built on it shows that it is missing there.
    let taken = here.append_pdu(created.room, ForeignEvent::new(second)).await.unwrap();
    assert!(matches!(taken, Verdict::Accepted { .. }), "{taken:?}");
    let gap = here.gap_before(created.room, TimelinePos::MAX).await.unwrap().unwrap();
    assert_eq!(gap.missing, [first.event_id().to_owned()]);
    assert_eq!(here.fill_gap(created.room, &gap).await.unwrap(), 1);
    assert_eq!(bodies(&here, created.room).await, ["first", "second"]);
    let third = there.append(room, message(&bob(), "third")).await.unwrap();
    let third = arrived(&there, &there.pdu(there.store(), third.event).await.unwrap(), version);
    let kept = here.keep_history(created.room, ForeignEvent::new(third.clone())).await.unwrap();
    assert_eq!(kept, Verdict::Kept);
    let taken = here.append_pdu(created.room, ForeignEvent::new(third)).await.unwrap();
    assert!(matches!(taken, Verdict::Accepted { .. }), "{taken:?}");
    assert_eq!(bodies(&here, created.room).await, ["first", "second", "third"]);
}

#[tokio::test]
async fn what_a_refused_event_was_built_on_is_missing_before_what_was_built_on_the_refused_one() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let alice = user("alice");
    let created = public_room(&here, &"12".try_into().unwrap(), &alice, &[]).await;
    let (room, first) = bob_says(&here, &there, &created, "first").await;
    let version = here.room_version(here.store(), created.room).await.unwrap();
    let carol = UserId::parse(format!("@carol:{ELSEWHERE}")).unwrap();
    here.ban(&created.room_id, &alice, &carol, None, false).await.unwrap();
    there.join(&created.room_id, &carol, &Joining::default()).await.unwrap();
    let joined = there.member(there.store(), room, &carol).await.unwrap().unwrap();
    let joined = arrived(&there, &there.pdu(there.store(), joined.event).await.unwrap(), version);
    assert_eq!(joined.prev_events(), [first.event_id().to_owned()]);
    // The state that others tell of behind what is missing is the one before it: nothing has changed.
    let peer = there.peer_room(&created.room_id, here.server_name()).await.unwrap();
    let state = there.state_for_peer(&peer, joined.event_id()).await.unwrap();
    let state = here.event_nums(here.store(), &there.event_ids(&state.state).await.unwrap()).await.unwrap();
    let states = vec![state.into_iter().flatten().collect()];
    let refused = here.append_pdu(created.room, ForeignEvent { pdu: joined, states }).await.unwrap();
    assert_eq!(refused, Verdict::SoftFailed);
    let second = there.append(room, message(&bob(), "second")).await.unwrap();
    let second = arrived(&there, &there.pdu(there.store(), second.event).await.unwrap(), version);
    let taken = here.append_pdu(created.room, ForeignEvent::new(second)).await.unwrap();
    assert!(matches!(taken, Verdict::Accepted { .. }), "{taken:?}");
    let gap = here.gap_before(created.room, TimelinePos::MAX).await.unwrap().unwrap();
    assert_eq!(gap.missing, [first.event_id().to_owned()]);
    assert_eq!(here.keep_history(created.room, ForeignEvent::new(first)).await.unwrap(), Verdict::Kept);
    assert_eq!(here.fill_gap(created.room, &gap).await.unwrap(), 1);
    assert_eq!(bodies(&here, created.room).await, ["first", "second"]);
}

#[tokio::test]
async fn news_that_a_gap_names_is_placed_there_and_not_behind_what_was_built_on_it() {
    let (here, there) = (rooms().await, rooms_of(ELSEWHERE).await);
    let created = public_room(&here, &"12".try_into().unwrap(), &user("alice"), &[]).await;
    let (room, first) = bob_says(&here, &there, &created, "first").await;
    let version = here.room_version(here.store(), created.room).await.unwrap();
    let mut said = vec![first];
    for text in ["second", "third"] {
        let sent = there.append(room, message(&bob(), text)).await.unwrap();
        said.push(arrived(&there, &there.pdu(there.store(), sent.event).await.unwrap(), version));
    }
    let peer = there.peer_room(&created.room_id, here.server_name()).await.unwrap();
    let mut brought = Vec::new();
    for pdu in said {
        let state = there.state_for_peer(&peer, pdu.event_id()).await.unwrap();
        let ids = there.event_ids(&state.state).await.unwrap();
        let state = here.event_nums(here.store(), &ids).await.unwrap().into_iter().flatten().collect();
        brought.push(ForeignEvent { pdu, states: vec![state] });
    }
    let [first, second, third] = <[ForeignEvent; 3]>::try_from(brought).unwrap();
    let taken = here.append_pdu(created.room, third).await.unwrap();
    assert!(matches!(taken, Verdict::Accepted { .. }), "{taken:?}");
    // Somebody has fetched it, and not put it into the gap yet.
    assert_eq!(here.keep_history(created.room, second).await.unwrap(), Verdict::Kept);
    assert_eq!(bodies(&here, created.room).await, ["third"]);
    let first = ForeignEvent::new(first.pdu);
    assert_eq!(here.append_pdu(created.room, first.clone()).await.unwrap(), Verdict::Kept);
    assert_eq!(bodies(&here, created.room).await, ["first", "second", "third"]);
    assert_eq!(here.append_pdu(created.room, first).await.unwrap(), Verdict::Known);
    assert_eq!(here.gap_before(created.room, TimelinePos::MAX).await.unwrap(), None);
}
