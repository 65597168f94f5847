//! Tests of the reading side, over the memory store.

use model::{EventForm, TimelinePos};
use ruma::{OwnedEventId, UserId, api::Direction};
use serde_json::Value;

use crate::{
    Appended, Created, Joining, NewEvent, Rooms, RoomsError,
    access::Viewer,
    canonical_object,
    filter::EventFilter,
    pagination::PageQuery,
    receipts::{ReceiptKind, ReceiptScope},
    relations::RelationsQuery,
    test_support::{message, public_room, rooms, user, versions},
    unread::{Counts, Unread},
};

const ONE: Counts = Counts { notifications: 1, highlights: 0 };

async fn room_of(rooms: &Rooms, creator: &UserId, others: &[&UserId]) -> Created {
    public_room(rooms, &"11".try_into().unwrap(), creator, others).await
}

fn related(sender: &UserId, body: &str, rel_type: &str, parent: &OwnedEventId) -> NewEvent {
    let content = format!(
        r#"{{"msgtype":"m.text","body":"{body}","m.relates_to":{{"rel_type":"{rel_type}","event_id":"{parent}"}}}}"#
    );
    NewEvent::message(sender.to_owned(), "m.room.message", canonical_object(&content).unwrap())
}

fn viewer(user: &UserId) -> Viewer<'_> {
    Viewer { user, device: None }
}

async fn unread(rooms: &Rooms, room: &Created, user: &UserId) -> Unread {
    let up_to = rooms.store().frontier();
    rooms.unread(rooms.store(), user, room.room, up_to).await.unwrap()
}

async fn reads(rooms: &Rooms, room: &Created, user: &UserId, scope: ReceiptScope, event: &Appended) -> bool {
    let joined = rooms.joined_room(rooms.store(), user, &room.room_id).await.unwrap();
    rooms.set_receipt(&joined, ReceiptKind::Public, &scope, &event.event_id).await.unwrap()
}

#[tokio::test]
async fn a_message_is_read_back_in_every_version() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    for version in versions() {
        let created = public_room(&rooms, &version, &alice, &[&bob]).await;
        let sent = rooms.append(created.room, message(&alice, "hi")).await.unwrap();
        let store = rooms.store();
        let event = rooms.visible_event(store, viewer(&bob), &created.room_id, &sent.event_id).await.unwrap();
        let json = rooms
            .client_event_with_relations(store, viewer(&bob), event.shown(), EventForm::Full)
            .await
            .unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["room_id"], created.room_id.as_str(), "version {version}");
        assert_eq!(json["event_id"], sent.event_id.as_str());
        assert_eq!(json["content"]["body"], "hi");
        assert_eq!(json["unsigned"]["membership"], "join");
        assert!(json.get("auth_events").is_none() && json.get("hashes").is_none());
    }
}

#[tokio::test]
async fn walking_pages_meets_every_event_once() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = room_of(&rooms, &alice, &[]).await;
    for number in 0..40 {
        rooms.append(created.room, message(&alice, &number.to_string())).await.unwrap();
    }
    let store = rooms.store();
    let room = rooms.readable_room(store, &alice, &created.room_id).await.unwrap();
    for direction in [Direction::Backward, Direction::Forward] {
        for limit in [1, 7, 44, 45, 46, 1_000] {
            let mut from = None;
            let mut seen = Vec::new();
            loop {
                let query = PageQuery {
                    from,
                    to: None,
                    direction,
                    limit,
                    filter: EventFilter::default(),
                    lazy_load_members: false,
                    has_more_elsewhere: false,
                };
                let page = rooms.page(store, viewer(&alice), &room, &query).await.unwrap();
                assert!(page.chunk.len() <= limit);
                seen.extend(page.chunk);
                let Some(end) = page.end else { break };
                from = Some(crate::token::decode(&end).unwrap());
            }
            let ids: Vec<String> = seen
                .iter()
                .map(|json| {
                    let json: Value = serde_json::from_slice(json).unwrap();
                    json["event_id"].as_str().unwrap().to_owned()
                })
                .collect();
            let mut distinct = ids.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!((ids.len(), distinct.len()), (45, 45), "limit {limit} {direction:?}");
        }
    }
}

#[tokio::test]
async fn a_window_says_when_it_was_cut() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = room_of(&rooms, &alice, &[]).await;
    let mut sent = Vec::new();
    for number in 0..5 {
        sent.push(rooms.append(created.room, message(&alice, &number.to_string())).await.unwrap());
    }
    let store = rooms.store();
    let after = TimelinePos::from(sent[0].position);
    let up_to = TimelinePos::from(store.frontier());
    let filter = EventFilter::default();
    for (limit, limited) in [(3, true), (4, false), (5, false)] {
        let window =
            rooms.window(store, viewer(&alice), created.room, after, up_to, limit, &filter).await.unwrap();
        assert_eq!((window.events.len(), window.limited), (limit.min(4), limited), "limit {limit}");
        let newest: Vec<_> = window.events.iter().map(|event| event.num).collect();
        let expected: Vec<_> = sent[5 - limit.min(4)..].iter().map(|sent| sent.event).collect();
        assert_eq!(newest, expected, "the newest, oldest first");
        assert_eq!(window.start, Some(crate::token::before(window.events[0].position)));
    }
    let nothing = rooms.window(store, viewer(&alice), created.room, up_to, up_to, 5, &filter).await.unwrap();
    assert!(nothing.events.is_empty() && !nothing.limited);
}

#[tokio::test]
async fn a_ban_after_a_leave_does_not_move_the_end_of_the_stay() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let created = room_of(&rooms, &alice, &[&bob]).await;
    let seen = rooms.append(created.room, message(&alice, "seen")).await.unwrap();
    rooms.leave(&created.room_id, &bob, None).await.unwrap();
    let missed = rooms.append(created.room, message(&alice, "missed")).await.unwrap();
    rooms.ban(&created.room_id, &alice, &bob, None, false).await.unwrap();
    let store = rooms.store();
    assert!(rooms.visible_event(store, viewer(&bob), &created.room_id, &seen.event_id).await.is_ok());
    let missed = rooms.visible_event(store, viewer(&bob), &created.room_id, &missed.event_id).await;
    assert!(matches!(missed, Err(RoomsError::EventNotFound)));
}

#[tokio::test]
async fn an_invite_alone_opens_no_history() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let created = room_of(&rooms, &alice, &[]).await;
    let store = rooms.store();
    rooms.invite(&created.room_id, &alice, &bob, None).await.unwrap();
    assert!(matches!(
        rooms.readable_room(store, &bob, &created.room_id).await,
        Err(RoomsError::Forbidden(_))
    ));
    rooms.leave(&created.room_id, &bob, None).await.unwrap();
    assert!(matches!(
        rooms.readable_room(store, &bob, &created.room_id).await,
        Err(RoomsError::Forbidden(_))
    ));
    rooms.join(&created.room_id, &bob, &Joining::default()).await.unwrap();
    assert!(rooms.readable_room(store, &bob, &created.room_id).await.is_ok());
    rooms.leave(&created.room_id, &bob, None).await.unwrap();
    rooms.forget(&created.room_id, &bob).await.unwrap();
    assert!(matches!(
        rooms.readable_room(store, &bob, &created.room_id).await,
        Err(RoomsError::Forbidden(_))
    ));
}

#[tokio::test]
async fn receipts_at_once_end_at_the_newest_event() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let created = room_of(&rooms, &alice, &[&bob]).await;
    let mut sent = Vec::new();
    for number in 0..4 {
        sent.push(rooms.append(created.room, message(&alice, &number.to_string())).await.unwrap());
    }
    let outcomes = [3, 0, 2, 1].map(|index: usize| {
        let (rooms, created, bob, event) = (rooms.clone(), created.clone(), bob.clone(), sent[index].clone());
        tokio::spawn(async move { reads(&rooms, &created, &bob, ReceiptScope::Unthreaded, &event).await })
    });
    for outcome in outcomes {
        outcome.await.unwrap();
    }
    let store = rooms.store();
    let (from, to) = (model::StreamPos::ZERO, store.frontier());
    let content = rooms.receipts_between(store, created.room, from, to, &alice).await.unwrap().unwrap();
    let content: Value = serde_json::from_str(content.get()).unwrap();
    assert_eq!(content.as_object().unwrap().keys().collect::<Vec<_>>(), [sent[3].event_id.as_str()]);
    let latest = rooms.receipts_latest(store, created.room).await.unwrap();
    assert!(
        !reads(&rooms, &created, &bob, ReceiptScope::Unthreaded, &sent[3]).await,
        "the same again is no news"
    );
    assert_eq!(rooms.receipts_latest(store, created.room).await.unwrap(), latest);
}

#[tokio::test]
async fn counts_follow_events_threads_receipts_and_redactions() {
    let rooms = rooms().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let created = room_of(&rooms, &alice, &[&bob]).await;
    assert_eq!(unread(&rooms, &created, &bob).await, Unread::default());
    let root = rooms.append(created.room, message(&alice, "root")).await.unwrap();
    let reply =
        rooms.append(created.room, related(&alice, "reply", "m.thread", &root.event_id)).await.unwrap();
    rooms.append(created.room, related(&alice, "about", "m.reference", &reply.event_id)).await.unwrap();
    let counted = unread(&rooms, &created, &bob).await;
    assert_eq!(
        (counted.main, counted.threads.get(&root.event_id).map(|counts| counts.notifications)),
        (ONE, Some(2))
    );
    assert_eq!(unread(&rooms, &created, &alice).await, Unread::default());
    assert!(reads(&rooms, &created, &bob, ReceiptScope::Main, &root).await);
    assert_eq!(unread(&rooms, &created, &bob).await.main, Counts::default());
    assert!(reads(&rooms, &created, &bob, ReceiptScope::Thread(root.event_id.clone()), &reply).await);
    assert_eq!(unread(&rooms, &created, &bob).await.total(), ONE);
    let last = rooms.append(created.room, message(&alice, "last")).await.unwrap();
    assert_eq!(unread(&rooms, &created, &bob).await.total().notifications, 2);
    assert!(reads(&rooms, &created, &bob, ReceiptScope::Unthreaded, &last).await);
    assert_eq!(unread(&rooms, &created, &bob).await, Unread::default());
}

#[tokio::test]
async fn relations_are_paged_without_loss() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = room_of(&rooms, &alice, &[]).await;
    let root = rooms.append(created.room, message(&alice, "root")).await.unwrap();
    let mut sent = Vec::new();
    for number in 0..9 {
        let rel_type = ["m.thread", "m.reference", "org.example.other"][number % 3];
        let event = related(&alice, &number.to_string(), rel_type, &root.event_id);
        sent.push(rooms.append(created.room, event).await.unwrap().event_id.to_string());
    }
    let store = rooms.store();
    let parent = rooms.visible_event(store, viewer(&alice), &created.room_id, &root.event_id).await.unwrap();
    for forward in [true, false] {
        let mut from = None;
        let mut seen = Vec::new();
        loop {
            let query = RelationsQuery { from, forward, limit: Some(2), ..RelationsQuery::default() };
            let page = rooms.relations(store, viewer(&alice), &parent, &query).await.unwrap();
            seen.extend(page.chunk.iter().map(|json| {
                let json: Value = serde_json::from_slice(json).unwrap();
                json["event_id"].as_str().unwrap().to_owned()
            }));
            let Some(next) = page.next_batch else { break };
            from = Some(crate::token::decode(&next).unwrap());
        }
        if !forward {
            seen.reverse();
        }
        assert_eq!(seen, sent);
    }
}
