//! The library's own contract of a store, on the shelves of a bot.

use std::collections::HashMap;

use async_trait::async_trait;
use library_ruma::{
    DeviceId, OwnedDeviceId, RoomId, TransactionId, UserId, events::secret::request::SecretName,
};
use matrix_sdk_crypto::{
    Account, CryptoStoreError, DeviceData, GossipRequest, SecretInfo, TrackedUser, UserIdentityData,
    olm::{
        Curve25519PublicKey, InboundGroupSession, OlmMessageHash, OutboundGroupSession, PickledAccount,
        PickledCrossSigningIdentity, PickledInboundGroupSession, PickledOutboundGroupSession, PickledSession,
        PrivateCrossSigningIdentity, SenderDataType, Session, StaticAccountData,
    },
    store::{
        CryptoStore,
        types::{
            BackupKeys, Changes, DehydratedDeviceKey, PendingChanges, RoomKeyCounts, RoomKeyWithheldEntry,
            RoomPendingKeyBundleDetails, RoomSettings, StoredRoomKeyBundleData,
        },
    },
};
use store::Batch;
use zeroize::Zeroizing;

use super::{
    changes::{hash, own},
    shelves::{Result, Shelves, failed, shelf},
    tables::OLM_SEEN,
};

impl Shelves {
    fn account(&self) -> Result<StaticAccountData> {
        self.account.read().clone().ok_or(CryptoStoreError::AccountUnset)
    }

    async fn inbound(&self, room: &str, session: &str) -> Result<Option<InboundGroupSession>> {
        let pickle = self.get::<PickledInboundGroupSession>(shelf::INBOUND, room, session).await?;
        Ok(pickle.map(InboundGroupSession::from_pickle).transpose()?)
    }

    async fn requests(&self) -> Result<Vec<GossipRequest>> {
        self.all(shelf::REQUESTS).await
    }
}

fn unpickled(pickles: Vec<PickledInboundGroupSession>) -> Result<Vec<InboundGroupSession>> {
    Ok(pickles.into_iter().map(InboundGroupSession::from_pickle).collect::<Result<_, _>>()?)
}

#[async_trait]
impl CryptoStore for Shelves {
    type Error = CryptoStoreError;

    async fn load_account(&self) -> Result<Option<Account>> {
        let Some(pickle) = self.get::<PickledAccount>(shelf::OWN, own::ACCOUNT, "").await? else {
            return Ok(None);
        };
        let account = Account::from_pickle(pickle)?;
        *self.account.write() = Some(account.static_data().clone());
        Ok(Some(account))
    }

    async fn load_identity(&self) -> Result<Option<PrivateCrossSigningIdentity>> {
        let pickle = self.get::<PickledCrossSigningIdentity>(shelf::OWN, own::IDENTITY, "").await?;
        let identity = pickle.map(PrivateCrossSigningIdentity::from_pickle).transpose();
        identity.map_err(|_| CryptoStoreError::UnpicklingError)
    }

    async fn save_changes(&self, changes: Changes) -> Result<()> {
        self.save(changes).await
    }

    async fn save_pending_changes(&self, changes: PendingChanges) -> Result<()> {
        self.save_account(changes).await
    }

    async fn save_inbound_group_sessions(
        &self,
        sessions: Vec<InboundGroupSession>,
        _backed_up_to_version: Option<&str>,
    ) -> Result<()> {
        self.save(Changes { inbound_group_sessions: sessions, ..Changes::default() }).await
    }

    async fn get_sessions(&self, sender_key: &str) -> Result<Option<Vec<Session>>> {
        let keys = self.get_own_device().await?.as_device_keys().clone();
        let pickles = self.under::<PickledSession>(shelf::SESSIONS, sender_key).await?;
        let sessions = pickles.into_iter().map(|pickle| Session::from_pickle(keys.clone(), pickle));
        let sessions: Vec<_> =
            sessions.collect::<Result<_, _>>().map_err(|_| CryptoStoreError::UnpicklingError)?;
        Ok((!sessions.is_empty()).then_some(sessions))
    }

    async fn get_inbound_group_session(
        &self,
        room_id: &RoomId,
        session_id: &str,
    ) -> Result<Option<InboundGroupSession>> {
        self.inbound(room_id.as_str(), session_id).await
    }

    async fn get_withheld_info(
        &self,
        room_id: &RoomId,
        session_id: &str,
    ) -> Result<Option<RoomKeyWithheldEntry>> {
        self.get(shelf::WITHHELD, room_id.as_str(), session_id).await
    }

    async fn get_withheld_sessions_by_room_id(&self, room_id: &RoomId) -> Result<Vec<RoomKeyWithheldEntry>> {
        self.under(shelf::WITHHELD, room_id.as_str()).await
    }

    async fn get_inbound_group_sessions(&self) -> Result<Vec<InboundGroupSession>> {
        unpickled(self.all(shelf::INBOUND).await?)
    }

    async fn inbound_group_session_counts(&self, _backup_version: Option<&str>) -> Result<RoomKeyCounts> {
        let all = self.get_inbound_group_sessions().await?;
        Ok(RoomKeyCounts {
            total: all.len(),
            backed_up: all.iter().filter(|session| session.backed_up()).count(),
        })
    }

    async fn get_inbound_group_sessions_by_room_id(
        &self,
        room_id: &RoomId,
    ) -> Result<Vec<InboundGroupSession>> {
        unpickled(self.under(shelf::INBOUND, room_id.as_str()).await?)
    }

    async fn get_inbound_group_sessions_for_device_batch(
        &self,
        curve_key: Curve25519PublicKey,
        sender_data_type: SenderDataType,
        after_session_id: Option<String>,
        limit: usize,
    ) -> Result<Vec<InboundGroupSession>> {
        let device = curve_key.to_base64();
        let mut found = Vec::new();
        for session in self.names(shelf::INBOUND_BY_DEVICE, &device).await? {
            if found.len() == limit {
                break;
            }
            if after_session_id.as_ref().is_some_and(|after| session <= *after) {
                continue;
            }
            let room: Option<String> = self.get(shelf::INBOUND_BY_DEVICE, &device, &session).await?;
            let Some(room) = room else { continue };
            let pickle = self.get::<PickledInboundGroupSession>(shelf::INBOUND, &room, &session).await?;
            let of_type = pickle.filter(|pickle| pickle.sender_data.to_type() == sender_data_type);
            found.extend(of_type.map(InboundGroupSession::from_pickle).transpose()?);
        }
        Ok(found)
    }

    async fn inbound_group_sessions_for_backup(
        &self,
        _backup_version: &str,
        limit: usize,
    ) -> Result<Vec<InboundGroupSession>> {
        let all = self.get_inbound_group_sessions().await?;
        Ok(all.into_iter().filter(|session| !session.backed_up()).take(limit).collect())
    }

    async fn mark_inbound_group_sessions_as_backed_up(
        &self,
        _backup_version: &str,
        room_and_session_ids: &[(&RoomId, &str)],
    ) -> Result<()> {
        let mut marked = Vec::new();
        for (room, session) in room_and_session_ids {
            let Some(session) = self.inbound(room.as_str(), session).await? else { continue };
            session.mark_as_backed_up();
            marked.push(session);
        }
        self.save(Changes { inbound_group_sessions: marked, ..Changes::default() }).await
    }

    async fn reset_backup_state(&self) -> Result<()> {
        let all = self.get_inbound_group_sessions().await?;
        for session in &all {
            session.reset_backup_state();
        }
        self.save(Changes { inbound_group_sessions: all, ..Changes::default() }).await
    }

    async fn load_backup_keys(&self) -> Result<BackupKeys> {
        Ok(BackupKeys {
            decryption_key: self.get(shelf::OWN, own::BACKUP_KEY, "").await?,
            backup_version: self.get(shelf::OWN, own::BACKUP_VERSION, "").await?,
        })
    }

    async fn load_dehydrated_device_pickle_key(&self) -> Result<Option<DehydratedDeviceKey>> {
        self.get(shelf::OWN, own::DEHYDRATED, "").await
    }

    async fn delete_dehydrated_device_pickle_key(&self) -> Result<()> {
        let mut batch = Batch::new();
        self.delete(&mut batch, shelf::OWN, own::DEHYDRATED, "");
        self.commit(batch).await
    }

    async fn get_outbound_group_session(&self, room_id: &RoomId) -> Result<Option<OutboundGroupSession>> {
        let pickle = self.get::<PickledOutboundGroupSession>(shelf::OUTBOUND, room_id.as_str(), "").await?;
        let Some(pickle) = pickle else { return Ok(None) };
        let StaticAccountData { device_id, identity_keys, .. } = self.account()?;
        Ok(Some(OutboundGroupSession::from_pickle(device_id, identity_keys, pickle)?))
    }

    async fn load_tracked_users(&self) -> Result<Vec<TrackedUser>> {
        self.all(shelf::TRACKED).await
    }

    async fn save_tracked_users(&self, users: &[(&UserId, bool)]) -> Result<()> {
        let mut batch = Batch::new();
        for (user, dirty) in users {
            let row = TrackedUser { user_id: (*user).to_owned(), dirty: *dirty };
            self.put(&mut batch, shelf::TRACKED, user.as_str(), "", &row)?;
        }
        self.commit(batch).await
    }

    async fn get_device(&self, user_id: &UserId, device_id: &DeviceId) -> Result<Option<DeviceData>> {
        self.get(shelf::DEVICES, user_id.as_str(), device_id.as_str()).await
    }

    async fn get_user_devices(&self, user_id: &UserId) -> Result<HashMap<OwnedDeviceId, DeviceData>> {
        let devices: Vec<DeviceData> = self.under(shelf::DEVICES, user_id.as_str()).await?;
        Ok(devices.into_iter().map(|device| (device.device_id().to_owned(), device)).collect())
    }

    async fn get_own_device(&self) -> Result<DeviceData> {
        let StaticAccountData { user_id, device_id, .. } = self.account()?;
        self.get_device(&user_id, &device_id).await?.ok_or(CryptoStoreError::AccountUnset)
    }

    async fn get_user_identity(&self, user_id: &UserId) -> Result<Option<UserIdentityData>> {
        self.get(shelf::IDENTITIES, user_id.as_str(), "").await
    }

    async fn is_message_known(&self, message_hash: &OlmMessageHash) -> Result<bool> {
        self.store.exists(&OLM_SEEN, &(self.bot, &*hash(message_hash))).await.map_err(failed)
    }

    async fn get_outgoing_secret_requests(
        &self,
        request_id: &TransactionId,
    ) -> Result<Option<GossipRequest>> {
        self.get(shelf::REQUESTS, request_id.as_str(), "").await
    }

    async fn get_secret_request_by_info(&self, secret_info: &SecretInfo) -> Result<Option<GossipRequest>> {
        Ok(self.requests().await?.into_iter().find(|request| request.info == *secret_info))
    }

    async fn get_unsent_secret_requests(&self) -> Result<Vec<GossipRequest>> {
        Ok(self.requests().await?.into_iter().filter(|request| !request.sent_out).collect())
    }

    async fn delete_outgoing_secret_requests(&self, request_id: &TransactionId) -> Result<()> {
        let mut batch = Batch::new();
        self.delete(&mut batch, shelf::REQUESTS, request_id.as_str(), "");
        self.commit(batch).await
    }

    async fn get_secrets_from_inbox(&self, secret_name: &SecretName) -> Result<Vec<Zeroizing<String>>> {
        let known: Option<Vec<String>> = self.get(shelf::SECRETS, secret_name.as_ref(), "").await?;
        Ok(known.unwrap_or_default().into_iter().map(Zeroizing::new).collect())
    }

    async fn delete_secrets_from_inbox(&self, secret_name: &SecretName) -> Result<()> {
        let mut batch = Batch::new();
        self.delete(&mut batch, shelf::SECRETS, secret_name.as_ref(), "");
        self.commit(batch).await
    }

    async fn get_room_settings(&self, room_id: &RoomId) -> Result<Option<RoomSettings>> {
        self.get(shelf::ROOMS, room_id.as_str(), "").await
    }

    async fn get_received_room_key_bundle_data(
        &self,
        room_id: &RoomId,
        user_id: &UserId,
    ) -> Result<Option<StoredRoomKeyBundleData>> {
        self.get(shelf::BUNDLES, room_id.as_str(), user_id.as_str()).await
    }

    async fn get_pending_key_bundle_details_for_room(
        &self,
        room_id: &RoomId,
    ) -> Result<Option<RoomPendingKeyBundleDetails>> {
        self.get(shelf::BUNDLES_AWAITED, room_id.as_str(), "").await
    }

    async fn get_all_rooms_pending_key_bundles(&self) -> Result<Vec<RoomPendingKeyBundleDetails>> {
        self.all(shelf::BUNDLES_AWAITED).await
    }

    async fn has_downloaded_all_room_keys(&self, room_id: &RoomId) -> Result<bool> {
        Ok(self.get::<bool>(shelf::FETCHED, room_id.as_str(), "").await?.unwrap_or_default())
    }

    async fn get_custom_value(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.get(shelf::CUSTOM, key, "").await
    }

    async fn set_custom_value(&self, key: &str, value: Vec<u8>) -> Result<()> {
        let mut batch = Batch::new();
        self.put(&mut batch, shelf::CUSTOM, key, "", &value)?;
        self.commit(batch).await
    }

    async fn remove_custom_value(&self, key: &str) -> Result<()> {
        let mut batch = Batch::new();
        self.delete(&mut batch, shelf::CUSTOM, key, "");
        self.commit(batch).await
    }

    /// One process has the bots' database open, so whoever asks has the lock.
    async fn try_take_leased_lock(&self, _lease_ms: u32, _key: &str, _holder: &str) -> Result<Option<u64>> {
        Ok(Some(1))
    }

    async fn next_batch_token(&self) -> Result<Option<String>> {
        self.get(shelf::OWN, own::NEXT_BATCH, "").await
    }

    /// The store is the bots' and is closed with them.
    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn reopen(&self) -> Result<()> {
        Ok(())
    }

    async fn get_size(&self) -> Result<Option<usize>> {
        Ok(None)
    }
}
