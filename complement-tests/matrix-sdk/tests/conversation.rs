//! Room list and timelines, as Element X shows them.

use futures_util::StreamExt as _;
use matrix_sdk::{
    RoomState,
    room::edit::EditedContent,
    ruma::{
        api::client::{
            receipt::create_receipt::v3::ReceiptType, room::create_room::v3::Request as CreateRoom,
        },
        events::room::message::{RoomMessageEventContent, RoomMessageEventContentWithoutRelation},
    },
};
use matrix_sdk_suite::{Person, Server, event, eventually};
use matrix_sdk_ui::{
    eyeball_im::VectorDiff,
    room_list_service::{RoomListLoadingState, filters::new_filter_non_left},
};

/// More than the room list asks for at once.
const ROOMS: usize = 45;

#[tokio::test(flavor = "multi_thread")]
async fn the_room_list_loads_every_room_and_follows_the_newest() {
    let server = Server::start().await;
    let alice = Person::new(&server, "alice").await;
    let mut ids = Vec::new();
    for number in 0..ROOMS {
        let mut create = CreateRoom::new();
        create.name = Some(format!("Room {number}"));
        ids.push(alice.client.create_room(create).await.expect("a room").room_id().to_owned());
    }
    // A second device begins with nothing.
    let other = Person::logs_in(&server, "alice").await;
    let service = other.sync.room_list_service();
    let list = service.all_rooms().await.expect("the list of all rooms");
    let mut loading = list.loading_state();
    loop {
        match loading.get() {
            RoomListLoadingState::Loaded { maximum_number_of_rooms: Some(number) }
                if number as usize == ROOMS =>
            {
                break;
            }
            _ => _ = loading.next().await.expect("the list goes on loading"),
        }
    }
    eventually("every room is there", async || (other.rooms().len() == ROOMS).then_some(())).await;
    let (entries, controller) = list.entries_with_dynamic_adapters(100);
    controller.set_filter(Box::new(new_filter_non_left()));
    let mut entries = std::pin::pin!(entries);
    let mut first = None;
    let mut shown = 0;
    let oldest = ids[0].clone();
    alice
        .client
        .get_room(&oldest)
        .expect("the room")
        .send(RoomMessageEventContent::text_plain("up"))
        .await
        .expect("a message");
    while first.as_ref() != Some(&oldest) || shown != ROOMS {
        for diff in tokio::time::timeout(std::time::Duration::from_secs(60), entries.next())
            .await
            .expect("a change in time")
            .expect("entries")
        {
            match diff {
                VectorDiff::Reset { values } => {
                    shown = values.len();
                    first = values.front().map(|room| room.room_id().to_owned());
                }
                VectorDiff::Append { values } => shown += values.len(),
                VectorDiff::PushFront { value }
                | VectorDiff::Insert { index: 0, value }
                | VectorDiff::Set { index: 0, value } => {
                    first = Some(value.room_id().to_owned());
                    shown += usize::from(!matches!(shown, ROOMS));
                }
                VectorDiff::Remove { .. } => shown -= 1,
                VectorDiff::PushBack { .. } | VectorDiff::Insert { .. } => shown += 1,
                _ => {}
            }
        }
    }
    let room = other.finds(&ids[7], RoomState::Joined).await;
    assert_eq!(room.name().as_deref(), Some("Room 7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_edit_react_and_read_across_a_restart() {
    let mut server = Server::start().await;
    let alice = Person::new(&server, "alice").await;
    let bob = Person::new(&server, "bob").await;
    let mut create = CreateRoom::new();
    create.name = Some("Tea".to_owned());
    create.invite = vec![bob.client.user_id().expect("bob").to_owned()];
    let id = alice.client.create_room(create).await.expect("a room").room_id().to_owned();
    let invite = bob.finds(&id, RoomState::Invited).await;
    eventually("the invite tells the name", async || (invite.name().as_deref() == Some("Tea")).then_some(()))
        .await;
    bob.accepts(&id).await;
    let (here, there) = (alice.opens(&id).await, bob.opens(&id).await);

    here.send(RoomMessageEventContent::text_plain("hello bbo").into()).await.expect("a message");
    let seen = event(&there, "hello bbo").await;
    assert_eq!(seen.sender(), alice.client.user_id().expect("alice"));
    let own = event(&here, "hello bbo").await;
    let edited = RoomMessageEventContentWithoutRelation::text_plain("hello bob");
    here.edit(&own.identifier(), EditedContent::RoomMessage(edited)).await.expect("an edit");
    let seen = event(&there, "hello bob").await;
    assert!(seen.content().as_message().expect("a message").is_edited());

    there.toggle_reaction(&seen.identifier(), "👍").await.expect("a reaction");
    eventually("alice sees the reaction", async || {
        let item = event(&here, "hello bob").await;
        let reactions = item.content().reactions()?.get("👍")?.clone();
        reactions.contains_key(bob.client.user_id()?).then_some(())
    })
    .await;

    there.mark_as_read(ReceiptType::Read).await.expect("a receipt");
    eventually("alice sees that bob has read", async || {
        let bob = bob.client.user_id()?;
        here.latest_user_read_receipt_timeline_event_id(bob).await
    })
    .await;

    server.is_killed_and_comes_back().await;
    for person in [&alice, &bob] {
        person.is_online_again().await;
    }
    there.send(RoomMessageEventContent::text_plain("still here").into()).await.expect("a message");
    event(&here, "still here").await;
    here.send(RoomMessageEventContent::text_plain("so am I").into()).await.expect("a message");
    event(&there, "so am I").await;
    // Both began anew after the restart, at whatever was the newest message when they came back, and see the rest by
    // scrolling back, each event once.
    for timeline in [&here, &there] {
        while !timeline.paginate_backwards(20).await.expect("older events") {}
        for text in ["hello bob", "still here", "so am I"] {
            event(timeline, text).await;
        }
    }

    let room = bob.finds(&id, RoomState::Joined).await;
    room.leave().await.expect("a leave");
    bob.finds(&id, RoomState::Left).await;
}
