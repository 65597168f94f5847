//! People who use the SDK as Element X does: a sync service with a room list and an encryption loop, timelines.

use std::sync::Arc;

use matrix_sdk::{
    Client, Room, RoomState,
    encryption::{BackupDownloadStrategy, EncryptionSettings},
    ruma::{
        OwnedRoomId, RoomId,
        api::client::{
            account::register::v3::Request as Register,
            uiaa::{AuthData, Dummy},
        },
    },
    sliding_sync::VersionBuilder,
};
use matrix_sdk_ui::{
    Timeline,
    sync_service::SyncService,
    timeline::{EventTimelineItem, RoomExt as _},
};

use crate::{Server, eventually};

const PASSWORD: &str = "correct horse battery staple";

/// Someone with one client that syncs.
pub struct Person {
    /// The client.
    pub client: Client,
    /// What keeps it up to date.
    pub sync: SyncService,
}

impl Person {
    /// Registers an account and logs in.
    pub async fn new(server: &Server, name: &str) -> Self {
        let mut register = Register::new();
        register.username = Some(name.to_owned());
        register.password = Some(PASSWORD.to_owned());
        register.inhibit_login = true;
        let stranger = client(server).await;
        let mut dummy = Dummy::new();
        if let Err(error) = stranger.matrix_auth().register(register.clone()).await {
            dummy.session = error.as_uiaa_response().expect("the stages of a registration").session.clone();
        }
        register.auth = Some(AuthData::Dummy(dummy));
        stranger.matrix_auth().register(register).await.expect("anybody may register");
        Self::logs_in(server, name).await
    }

    /// Logs in on another device.
    pub async fn logs_in(server: &Server, name: &str) -> Self {
        let client = client(server).await;
        client.matrix_auth().login_username(name, PASSWORD).send().await.expect("the password is right");
        client.event_cache().subscribe().expect("an event cache");
        let sync =
            SyncService::builder(client.clone()).with_offline_mode().build().await.expect("a sync service");
        sync.start().await;
        Self { client, sync }
    }

    /// Waits until the client knows a room in this state.
    pub async fn finds(&self, room: &RoomId, state: RoomState) -> Room {
        let what = format!("{:?} finds {room} as {state:?}", self.client.user_id());
        eventually(&what, async || self.client.get_room(room).filter(|room| room.state() == state)).await
    }

    /// Accepts an invite.
    pub async fn accepts(&self, room: &RoomId) -> Room {
        self.finds(room, RoomState::Invited).await.join().await.expect("invited people may join");
        self.finds(room, RoomState::Joined).await
    }

    /// The timeline of a room, which is subscribed to as if it were open.
    pub async fn opens(&self, room: &RoomId) -> Arc<Timeline> {
        self.sync.room_list_service().subscribe_to_rooms(&[room]).await;
        let room = self.finds(room, RoomState::Joined).await;
        Arc::new(room.timeline().await.expect("a timeline"))
    }

    /// Notices that the server is back; a client whose sending failed sends again only when it is told to.
    pub async fn is_online_again(&self) {
        eventually("the server answers again", async || self.client.whoami().await.ok()).await;
        self.client.send_queue().set_enabled(true).await;
    }

    /// The rooms that the client has, in any state.
    pub fn rooms(&self) -> Vec<OwnedRoomId> {
        self.client.rooms().iter().map(|room| room.room_id().to_owned()).collect()
    }
}

async fn client(server: &Server) -> Client {
    let settings = EncryptionSettings {
        auto_enable_cross_signing: true,
        auto_enable_backups: true,
        backup_download_strategy: BackupDownloadStrategy::AfterDecryptionFailure,
    };
    Client::builder()
        .homeserver_url(server.url())
        .sliding_sync_version_builder(VersionBuilder::DiscoverNative)
        .with_encryption_settings(settings)
        .build()
        .await
        .expect("the server offers sliding sync")
}

/// The text of a message.
pub fn body(item: &EventTimelineItem) -> Option<String> {
    Some(item.content().as_message()?.body().to_owned())
}

/// Waits until a message of this text stands in the timeline as the server gave it; those of others once only. Beside
/// an own message the SDK may leave its echo, when the answer to the sending and the sync come at the same moment.
pub async fn event(timeline: &Timeline, text: &str) -> EventTimelineItem {
    let reader = timeline.room().own_user_id();
    eventually(&format!("the timeline of {reader} shows {text:?} once"), async || {
        let items = timeline.items().await;
        let events = items.iter().filter_map(|item| item.as_event());
        let mut found: Vec<_> =
            events.filter(|event| body(event).as_deref() == Some(text)).cloned().collect();
        found.pop().filter(|event| event.is_remote_event() && (found.is_empty() || event.is_own()))
    })
    .await
}
