//! Writing what the library changed: everything of one step in one batch.

use library_ruma::{OwnedRoomId, OwnedUserId};
use matrix_sdk_crypto::{
    DeviceData, GossipRequest,
    olm::{InboundGroupSession, OlmMessageHash, OutboundGroupSession, Session},
    store::types::{Changes, PendingChanges},
};
use store::Batch;

use super::shelves::{Result, Shelves, shelf};

/// Names of what there is one of.
pub(super) mod own {
    pub const ACCOUNT: &str = "account";
    pub const IDENTITY: &str = "identity";
    pub const BACKUP_KEY: &str = "backup-key";
    pub const BACKUP_VERSION: &str = "backup-version";
    pub const DEHYDRATED: &str = "dehydrated-key";
    pub const NEXT_BATCH: &str = "next-batch";
}

impl Shelves {
    pub(super) async fn save_account(&self, changes: PendingChanges) -> Result<()> {
        let _saving = self.saving.lock().await;
        let Some(account) = changes.account else { return Ok(()) };
        let mut batch = Batch::new();
        self.put(&mut batch, shelf::OWN, own::ACCOUNT, "", &account.pickle())?;
        self.commit(batch).await?;
        *self.account.write() = Some(account.static_data().clone());
        Ok(())
    }

    pub(super) async fn save(&self, changes: Changes) -> Result<()> {
        let mut remembered = self.saving.lock().await;
        let mut batch = Batch::new();
        self.save_own(&mut batch, &changes).await?;
        self.save_people(&mut batch, &changes)?;
        self.save_sessions(&mut batch, &changes.sessions).await?;
        self.save_inbound(&mut batch, &changes.inbound_group_sessions).await?;
        self.save_outbound(&mut batch, &changes.outbound_group_sessions).await?;
        self.save_requests(&mut batch, &changes.key_requests)?;
        self.save_rooms(&mut batch, &changes)?;
        for secret in &changes.secrets {
            let name = secret.secret_name.to_string();
            let mut known: Vec<String> = self.get(shelf::SECRETS, &name, "").await?.unwrap_or_default();
            known.push(secret.secret.to_string());
            self.put(&mut batch, shelf::SECRETS, &name, "", &known)?;
        }
        let hashes: Vec<_> = changes.message_hashes.iter().map(hash).collect();
        let count = if hashes.is_empty() {
            None
        } else {
            Some(self.remember(&mut batch, &mut remembered, &hashes).await?)
        };
        self.commit(batch).await?;
        if count.is_some() {
            *remembered = count;
        }
        Ok(())
    }

    async fn save_own(&self, batch: &mut Batch, changes: &Changes) -> Result<()> {
        if let Some(identity) = &changes.private_identity {
            self.put(batch, shelf::OWN, own::IDENTITY, "", &identity.pickle().await)?;
        }
        if let Some(token) = &changes.next_batch_token {
            self.put(batch, shelf::OWN, own::NEXT_BATCH, "", token)?;
        }
        if let Some(key) = &changes.backup_decryption_key {
            self.put(batch, shelf::OWN, own::BACKUP_KEY, "", key)?;
        }
        if let Some(version) = &changes.backup_version {
            self.put(batch, shelf::OWN, own::BACKUP_VERSION, "", version)?;
        }
        if let Some(key) = &changes.dehydrated_device_pickle_key {
            self.put(batch, shelf::OWN, own::DEHYDRATED, "", key)?;
        }
        Ok(())
    }

    fn save_people(&self, batch: &mut Batch, changes: &Changes) -> Result<()> {
        let names = |device: &DeviceData| (device.user_id().to_string(), device.device_id().to_string());
        for device in changes.devices.new.iter().chain(&changes.devices.changed) {
            let (user, id) = names(device);
            self.put(batch, shelf::DEVICES, &user, &id, device)?;
        }
        for device in &changes.devices.deleted {
            let (user, id) = names(device);
            self.delete(batch, shelf::DEVICES, &user, &id);
        }
        for identity in changes.identities.new.iter().chain(&changes.identities.changed) {
            self.put(batch, shelf::IDENTITIES, identity.user_id().as_str(), "", identity)?;
        }
        Ok(())
    }

    async fn save_sessions(&self, batch: &mut Batch, sessions: &[Session]) -> Result<()> {
        for session in sessions {
            let key = session.sender_key().to_base64();
            self.put(batch, shelf::SESSIONS, &key, session.session_id(), &session.pickle().await)?;
        }
        Ok(())
    }

    pub(super) async fn save_inbound(
        &self,
        batch: &mut Batch,
        sessions: &[InboundGroupSession],
    ) -> Result<()> {
        for session in sessions {
            let (room, id) = (session.room_id().as_str(), session.session_id());
            let device = session.sender_key().to_base64();
            self.put(batch, shelf::INBOUND, room, id, &session.pickle().await)?;
            self.put(batch, shelf::INBOUND_BY_DEVICE, &device, id, &room)?;
        }
        Ok(())
    }

    async fn save_outbound(&self, batch: &mut Batch, sessions: &[OutboundGroupSession]) -> Result<()> {
        for session in sessions {
            self.put(batch, shelf::OUTBOUND, session.room_id().as_str(), "", &session.pickle().await)?;
        }
        Ok(())
    }

    fn save_requests(&self, batch: &mut Batch, requests: &[GossipRequest]) -> Result<()> {
        for request in requests {
            self.put(batch, shelf::REQUESTS, request.request_id.as_str(), "", request)?;
        }
        Ok(())
    }

    fn save_rooms(&self, batch: &mut Batch, changes: &Changes) -> Result<()> {
        for (room, sessions) in &changes.withheld_session_info {
            for (session, entry) in sessions {
                self.put(batch, shelf::WITHHELD, room.as_str(), session, entry)?;
            }
        }
        for (room, settings) in &changes.room_settings {
            self.put(batch, shelf::ROOMS, room.as_str(), "", settings)?;
        }
        for bundle in &changes.received_room_key_bundles {
            let (room, sender): (&OwnedRoomId, &OwnedUserId) =
                (&bundle.bundle_data.room_id, &bundle.sender_user);
            self.put(batch, shelf::BUNDLES, room.as_str(), sender.as_str(), bundle)?;
        }
        for room in &changes.room_key_backups_fully_downloaded {
            self.put(batch, shelf::FETCHED, room.as_str(), "", &true)?;
        }
        for (room, details) in &changes.rooms_pending_key_bundle {
            match details {
                Some(details) => self.put(batch, shelf::BUNDLES_AWAITED, room.as_str(), "", details)?,
                None => self.delete(batch, shelf::BUNDLES_AWAITED, room.as_str(), ""),
            }
        }
        Ok(())
    }
}

/// What an Olm message is remembered by.
pub(super) fn hash(hash: &OlmMessageHash) -> String {
    format!("{}|{}", hash.sender_key, hash.hash)
}
