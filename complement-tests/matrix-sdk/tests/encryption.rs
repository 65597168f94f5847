//! Encrypted rooms, cross-signing, recovery: what Element X does by itself.

use matrix_sdk::{
    RoomState,
    encryption::{VerificationState, recovery::RecoveryState},
    ruma::{
        api::client::room::create_room::v3::Request as CreateRoom,
        events::{
            EmptyStateKey, InitialStateEvent,
            room::{encryption::RoomEncryptionEventContent, message::RoomMessageEventContent},
        },
    },
};
use matrix_sdk_suite::{Person, Server, event, eventually};

fn text(body: &str) -> matrix_sdk::ruma::events::AnyMessageLikeEventContent {
    RoomMessageEventContent::text_plain(body).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_room_is_read_by_both_and_by_a_new_device_after_recovery() {
    let mut server = Server::start().await;
    let alice = Person::new(&server, "alice").await;
    let bob = Person::new(&server, "bob").await;
    for person in [&alice, &bob] {
        person.client.encryption().wait_for_e2ee_initialization_tasks().await;
        eventually("cross-signing is set up", async || {
            person.client.encryption().cross_signing_status().await.filter(|status| status.is_complete())
        })
        .await;
    }
    let recovery_key = alice.client.encryption().recovery().enable().await.expect("recovery can be set up");
    assert_eq!(alice.client.encryption().recovery().state(), RecoveryState::Enabled);

    let mut create = CreateRoom::new();
    let encryption = RoomEncryptionEventContent::with_recommended_defaults();
    create.initial_state = vec![InitialStateEvent::new(EmptyStateKey, encryption).to_raw_any()];
    create.invite = vec![bob.client.user_id().expect("bob").to_owned()];
    create.is_direct = true;
    let id = alice.client.create_room(create).await.expect("a room").room_id().to_owned();
    bob.accepts(&id).await;
    let (here, there) = (alice.opens(&id).await, bob.opens(&id).await);
    eventually("alice knows that bob is in", async || {
        let room = alice.client.get_room(&id)?;
        (room.joined_members_count() == 2).then_some(())
    })
    .await;

    here.send(text("only for us")).await.expect("a message");
    let seen = event(&there, "only for us").await;
    assert!(seen.encryption_info().is_some(), "it came encrypted");
    there.send(text("and back")).await.expect("a message");
    event(&here, "and back").await;

    server.is_killed_and_comes_back().await;
    for person in [&alice, &bob] {
        person.is_online_again().await;
    }
    there.send(text("after the restart")).await.expect("a message");
    event(&here, "after the restart").await;
    // What a new device can read, the old one has put into the backup.
    alice.client.encryption().backups().wait_for_steady_state().await.expect("the backup is complete");

    let new_device = Person::logs_in(&server, "alice").await;
    let encryption = new_device.client.encryption();
    encryption.wait_for_e2ee_initialization_tasks().await;
    encryption.recovery().recover(&recovery_key).await.expect("the recovery key opens the store");
    eventually("the new device is verified", async || {
        (encryption.verification_state().get() == VerificationState::Verified).then_some(())
    })
    .await;
    new_device.finds(&id, RoomState::Joined).await;
    let history = new_device.opens(&id).await;
    for body in ["only for us", "and back", "after the restart"] {
        assert!(event(&history, body).await.encryption_info().is_some(), "{body}");
    }

    // A device that is signed by its owner may be written to, and can answer.
    history.send(text("from the new device")).await.expect("a message");
    event(&there, "from the new device").await;
    event(&here, "from the new device").await;
}
