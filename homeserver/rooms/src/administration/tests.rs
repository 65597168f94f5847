use ruma::RoomVersionId;
use store::Scan;

use crate::access::Viewer;
use crate::filter::EventFilter;
use crate::pagination::PageQuery;
use crate::reading_tables::{THREAD_SUBSCRIPTION, THREAD_SUBSCRIPTION_CHANGE};
use crate::tables::{
    CURRENT_STATE, EVENT, EVENT_META, EVENT_NUM, HEAD, MEMBER, MEMBERSHIP_CHANGE, ROOM, ROOM_NUM,
    ROOM_OF_USER, STATE_CHANGE, TIMELINE, TIMESTAMP,
};
use crate::test_support::{message, public_room, rooms, user};
use crate::{Created, NewEvent, Rooms, RoomsError};

async fn bodies(rooms: &Rooms, created: &Created, reader: &ruma::UserId) -> Result<Vec<String>, RoomsError> {
    let query = PageQuery {
        from: None,
        to: None,
        direction: ruma::api::Direction::Backward,
        limit: 100,
        filter: EventFilter::default(),
        lazy_load_members: false,
        has_more_elsewhere: false,
    };
    let room = rooms.readable_room(rooms.store(), reader, &created.room_id).await?;
    let viewer = Viewer { user: reader, device: None };
    let page = rooms.page(rooms.store(), viewer, &room, &query).await?;
    let body = |event: &bytes::Bytes| {
        let event: serde_json::Value = serde_json::from_slice(event).unwrap();
        event["content"]["body"].as_str().map(str::to_owned)
    };
    Ok(page.chunk.iter().filter_map(body).collect())
}

#[tokio::test]
async fn a_purged_history_leaves_state_and_newer_messages_and_can_be_repeated() {
    let rooms = rooms().await;
    let alice = user("alice");
    let created = public_room(&rooms, &RoomVersionId::V11, &alice, &[]).await;
    for body in ["one", "two", "three"] {
        rooms.append(created.room, message(&alice, body)).await.unwrap();
    }
    let newest = rooms.append(created.room, message(&alice, "four")).await.unwrap();
    assert_eq!(bodies(&rooms, &created, &alice).await.unwrap(), ["four", "three", "two", "one"]);
    let purge = rooms.history_before_event(&created.room_id, &newest.event_id).await.unwrap();
    for deleted in [3, 0] {
        let mut purge = purge;
        let mut total = 0;
        while let Some((next, count)) = rooms.purge_history_step(purge).await.unwrap() {
            purge = next;
            total += count;
        }
        assert_eq!(total, deleted);
    }
    assert_eq!(bodies(&rooms, &created, &alice).await.unwrap(), ["four"]);
    rooms.append(created.room, message(&alice, "five")).await.unwrap();
    assert_eq!(bodies(&rooms, &created, &alice).await.unwrap(), ["five", "four"]);
}

#[tokio::test]
async fn a_purged_room_leaves_no_row_and_another_room_all_of_its_own() {
    let rooms = rooms().await;
    let [alice, bob] = [user("alice"), user("bob")];
    let kept = public_room(&rooms, &RoomVersionId::V11, &alice, &[&bob]).await;
    rooms.append(kept.room, message(&alice, "stays")).await.unwrap();
    let before = counts(&rooms).await;
    let gone = public_room(&rooms, &RoomVersionId::V12, &alice, &[&bob]).await;
    for index in 0..20 {
        rooms.append(gone.room, message(&bob, &format!("message {index}"))).await.unwrap();
    }
    let root = rooms.append(gone.room, message(&alice, "a thread")).await.unwrap();
    for user in [&alice, &bob] {
        let viewer = Viewer { user, device: None };
        rooms.subscribe_to_thread(viewer, &gone.room_id, &root.event_id, None).await.unwrap();
    }
    rooms
        .unsubscribe_from_thread(Viewer { user: &bob, device: None }, &gone.room_id, &root.event_id)
        .await
        .unwrap();
    let topic = crate::json::canonical_object(r#"{"topic":"x"}"#).unwrap();
    rooms.append(gone.room, NewEvent::state(alice.clone(), "m.room.topic", "", topic)).await.unwrap();
    let closed = rooms.close_room(&gone.room_id).await.unwrap();
    assert!(matches!(rooms.close_room(&gone.room_id).await, Err(RoomsError::RoomNotFound)));
    let late = rooms.append(gone.room, message(&alice, "late")).await;
    assert!(late.is_err(), "nothing enters a closed room");
    while rooms.purge_step(closed).await.unwrap() > 0 {}
    assert_eq!(rooms.purge_step(closed).await.unwrap(), 0, "a step may be repeated");
    assert_eq!(counts(&rooms).await, before);
    assert_eq!(rooms.joined_rooms(&bob).await.unwrap(), std::slice::from_ref(&kept.room_id));
    assert_eq!(bodies(&rooms, &kept, &bob).await.unwrap(), ["stays"]);
}

/// Rows of every table that a room fills.
async fn counts(rooms: &Rooms) -> Vec<usize> {
    let store = rooms.store();
    macro_rules! rows {
        ($($table:expr),+ $(,)?) => { vec![$( store.scan_keys(&$table, Scan::all()).await.unwrap().len() ),+] };
    }
    rows![
        ROOM,
        ROOM_NUM,
        EVENT,
        EVENT_META,
        EVENT_NUM,
        TIMELINE,
        TIMESTAMP,
        CURRENT_STATE,
        STATE_CHANGE,
        HEAD,
        MEMBER,
        ROOM_OF_USER,
        MEMBERSHIP_CHANGE,
        THREAD_SUBSCRIPTION,
        THREAD_SUBSCRIPTION_CHANGE,
    ]
}
