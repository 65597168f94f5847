//! The bots of the product, met in encrypted chats: a person who uses what Element X is made of notices that a bot is
//! there and nothing else.

// The futures of the SDK lie deep inside of each other.
#![recursion_limit = "256"]

use matrix_sdk::{
    RoomState,
    ruma::{
        OwnedRoomId, UserId,
        api::client::room::create_room::v3::Request as CreateRoom,
        events::{
            AnyMessageLikeEventContent, EmptyStateKey, InitialStateEvent,
            room::{encryption::RoomEncryptionEventContent, message::RoomMessageEventContent},
        },
    },
};
use matrix_sdk_suite::{Person, Server, body, eventually};
use matrix_sdk_ui::{
    Timeline,
    timeline::{EventTimelineItem, TimelineEventShieldState},
};

const BOT: &str = "@approvals:matrix-sdk.example";

/// Alice, who heads the only department and may ask for leave.
const STAFF: &str = "工号,姓名,部门,职位,职级,上级工号,部门主管,手机,邮箱,状态,账号,角色,语言\n\
                     S1,爱丽丝,公司,总经理,9,,是,,alice@corp.example,在职,alice,executive,en\n";

fn text(body: &str) -> AnyMessageLikeEventContent {
    RoomMessageEventContent::text_plain(body).into()
}

/// An encrypted direct chat with the bot, which comes in by itself.
async fn direct_chat(person: &Person) -> OwnedRoomId {
    let mut create = CreateRoom::new();
    let encryption = RoomEncryptionEventContent::with_recommended_defaults();
    create.initial_state = vec![InitialStateEvent::new(EmptyStateKey, encryption).to_raw_any()];
    create.invite = vec![UserId::parse(BOT).expect("the bot's id")];
    create.is_direct = true;
    let room = person.client.create_room(create).await.expect("a room").room_id().to_owned();
    eventually("the bot accepts", async || {
        let room = person.client.get_room(&room)?;
        (room.joined_members_count() == 2).then_some(())
    })
    .await;
    room
}

/// What the bot says in a timeline, as far as it can be read there.
async fn said(timeline: &Timeline) -> Vec<EventTimelineItem> {
    let items = timeline.items().await;
    let events = items.iter().filter_map(|item| item.as_event());
    events.filter(|event| event.sender() == BOT && body(event).is_some()).cloned().collect()
}

/// Waits until the bot says something with these words in it; it is encrypted, and nothing warns of it.
async fn hears(timeline: &Timeline, words: &str) {
    let answer = eventually(&format!("the bot says {words:?}"), async || {
        said(timeline).await.into_iter().find(|event| body(event).is_some_and(|body| body.contains(words)))
    })
    .await;
    assert!(answer.encryption_info().is_some(), "{words:?} came in the clear");
    assert!(
        matches!(answer.get_shield(false), TimelineEventShieldState::None),
        "{:?}",
        answer.get_shield(false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_answers_in_an_encrypted_chat_after_a_kill_and_to_a_new_device() {
    let mut server = Server::start().await;
    server.imports_staff(STAFF).await;
    let alice = Person::new(&server, "alice").await;
    alice.client.encryption().wait_for_e2ee_initialization_tasks().await;
    let room = direct_chat(&alice).await;
    let chat = alice.opens(&room).await;
    chat.send(text("!help")).await.expect("a message");
    hears(&chat, "!leave").await;
    chat.send(text("!leave")).await.expect("a request");
    hears(&chat, "AP-").await;

    server.is_killed_and_comes_back().await;
    alice.is_online_again().await;
    chat.send(text("!no-such-command")).await.expect("a message");
    hears(&chat, "No such command").await;

    // What is said from now on reaches a device that is new, which has nothing but its own keys.
    let tablet = Person::logs_in(&server, "alice").await;
    tablet.client.encryption().wait_for_e2ee_initialization_tasks().await;
    tablet.finds(&room, RoomState::Joined).await;
    let there = tablet.opens(&room).await;
    chat.send(text("!lang zh")).await.expect("a message");
    hears(&there, "好的，我用中文。").await;
    there.send(text("!lang en")).await.expect("a message");
    hears(&there, "From now on I speak English.").await;
    hears(&chat, "From now on I speak English.").await;
    assert!(
        !said(&chat)
            .await
            .iter()
            .any(|event| body(event).is_some_and(|body| body.contains("did not get the key"))),
        "the bot could not read something"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_restored_from_a_backup_talks_on_in_an_encrypted_chat() {
    let mut server = Server::start().await;
    server.imports_staff(STAFF).await;
    let alice = Person::new(&server, "alice").await;
    alice.client.encryption().wait_for_e2ee_initialization_tasks().await;
    let room = direct_chat(&alice).await;
    let chat = alice.opens(&room).await;
    chat.send(text("!help")).await.expect("a message");
    hears(&chat, "!leave").await;
    server.is_backed_up().await;

    // The ratchets of both turn on, and the bot's turns back.
    chat.send(text("!lang zh")).await.expect("a message");
    hears(&chat, "好的，我用中文。").await;
    server.is_restored().await;
    alice.is_online_again().await;
    chat.send(text("!no-such-command")).await.expect("a message");
    hears(&chat, "No such command").await;
    chat.send(text("!lang en")).await.expect("a message");
    hears(&chat, "From now on I speak English.").await;
    assert!(
        !said(&chat)
            .await
            .iter()
            .any(|event| body(event).is_some_and(|body| body.contains("did not get the key"))),
        "the bot could not read something"
    );
}
