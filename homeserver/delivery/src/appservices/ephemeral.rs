//! From typing and presence to the lines of the services. Nothing of it is stored.

use base::Shutdown;
use rooms::RoomsError;

use super::{Services, interest::Interests};
use crate::limits::{SERVICE_EPHEMERAL_PAUSE, SERVICE_PRESENCE_CHANGES_MAX};

impl Services {
    /// Passes on who types and who is there, until the server stops.
    pub(super) async fn follow_ephemeral(&self, shutdown: Shutdown) {
        let rooms = &self.0.parts.rooms;
        let mut changes = rooms.ephemeral_changes();
        let mut seen = rooms.ephemeral_serial();
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
            let serial = rooms.ephemeral_serial();
            if let Err(error) = self.pass_on(seen).await {
                tracing::debug!(%error, "tell application services who types");
            }
            seen = serial;
            // Many changes in a short time are one to a service.
            tokio::select! {
                () = shutdown.wait() => return,
                () = tokio::time::sleep(SERVICE_EPHEMERAL_PAUSE) => {}
            }
        }
    }

    async fn pass_on(&self, after: u64) -> Result<(), RoomsError> {
        let loaded = self.0.parts.appservices.loaded();
        if !loaded.services.iter().any(|service| service.receives_ephemeral && service.url.is_some()) {
            return Ok(());
        }
        let rooms = &self.0.parts.rooms;
        for room in rooms.typing().rooms_changed_since(after) {
            let flags = Interests::of_room_now(rooms, &loaded, room).await?;
            for (service, interested) in loaded.services.iter().zip(flags) {
                if interested && service.receives_ephemeral && service.url.is_some() {
                    self.line(&service.id).add_typing(room);
                }
            }
        }
        for user in rooms.presence().changed_since(after, SERVICE_PRESENCE_CHANGES_MAX) {
            let flags = self.0.interests.of_user(rooms, &loaded, &user).await?;
            for (service, interested) in loaded.services.iter().zip(flags) {
                if interested && service.receives_ephemeral && service.url.is_some() {
                    self.line(&service.id).add_presence(user.clone());
                }
            }
        }
        Ok(())
    }
}
