//! Putting a transaction together and freezing it.
//!
//! What was frozen is sent with the same number and the same bytes until the service accepts it. Rows leave the queue,
//! and messages leave the queues of devices, in the batch that freezes them.
//! [Pushing events](https://spec.matrix.org/v1.19/application-service-api/#pushing-events)

use std::collections::BTreeSet;

use appservice::Service;
use bytes::Bytes;
use model::{RoomNum, StreamPos};
use rooms::RoomsError;
use ruma::{OwnedDeviceId, OwnedUserId};
use serde_json::{Map, Value, json};
use store::{Scan, Snapshot, StoreError};

use super::{
    Services, ServicesError,
    draft::{Draft, addressed, body},
    line::{DeviceKey, Line, Waiting},
    tables::{FROZEN, Frozen, NUMBERS, QUEUE, QueueKey, QueueRow, TO_DEVICE_SENT},
};
use crate::limits::{
    SERVICE_COUNTED_USERS_MAX, SERVICE_EPHEMERAL_MAX, SERVICE_EVENTS_MAX, SERVICE_TO_DEVICE_MAX,
    SERVICE_TRANSACTION_BYTES_MAX, WRITE_TRIES_MAX,
};

impl Services {
    /// Freezes the next transaction of a service; none when there is nothing to say.
    pub(super) async fn freeze(
        &self,
        service: &Service,
        line: &Line,
    ) -> Result<Option<Frozen>, ServicesError> {
        for _ in 0..WRITE_TRIES_MAX {
            let waiting = line.take(SERVICE_EPHEMERAL_MAX, SERVICE_TO_DEVICE_MAX);
            match self.try_freeze(service, line, &waiting).await {
                Ok(outcome) => return Ok(outcome),
                // A device read its messages, or another row changed, at this moment.
                Err(ServicesError::Store(StoreError::Conflict)) => line.put_back(waiting),
                Err(error) => {
                    line.put_back(waiting);
                    return Err(error);
                }
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn try_freeze(
        &self,
        service: &Service,
        line: &Line,
        waiting: &Waiting,
    ) -> Result<Option<Frozen>, ServicesError> {
        let store = &self.0.parts.store;
        loop {
            let snapshot = store.snapshot();
            let mut draft = Draft::default();
            self.add_rows(&snapshot, service, &mut draft).await?;
            self.add_ephemeral(&snapshot, service, waiting, &mut draft).await?;
            self.add_to_device(&snapshot, service, waiting, &mut draft).await?;
            self.add_counts(&snapshot, service, line, waiting, &mut draft).await?;
            let rows_taken = draft.rows_taken;
            if draft.is_empty() {
                if rows_taken == 0 {
                    return Ok(None);
                }
                // Only rows of what is gone: away with them, and look on.
                store.commit(draft.batch).await?;
                line.remove_rows(rows_taken);
                continue;
            }
            let last = store.get(&NUMBERS, service.id.as_str()).await?;
            let frozen_ms = self.0.parts.clock.now_ms();
            // Begins at the time, so that a store that began anew does not repeat the numbers of the old one.
            let number = last.map_or(frozen_ms, |last| last.saturating_add(1));
            let frozen: Frozen = (number, frozen_ms, body(service, &draft));
            let Draft { mut batch, counts, unfinished, .. } = draft;
            batch.expect_read(&NUMBERS, service.id.as_str(), last.as_ref());
            batch.put(&NUMBERS, service.id.as_str(), &number);
            batch.expect_absent(&FROZEN, service.id.as_str());
            batch.put(&FROZEN, service.id.as_str(), &frozen);
            store.commit(batch).await?;
            line.remove_rows(rows_taken);
            for (device, changed) in counts {
                line.tell_counts(device, changed);
            }
            line.put_back(Waiting { devices: unfinished, ..Waiting::default() });
            return Ok(Some(frozen));
        }
    }

    async fn add_rows(
        &self,
        snapshot: &Snapshot,
        service: &Service,
        draft: &mut Draft,
    ) -> Result<(), ServicesError> {
        let scan = Scan::prefix(&service.id).limit(SERVICE_EVENTS_MAX);
        for (key, row) in snapshot.scan(&QUEUE, scan).await? {
            if draft.events_bytes >= SERVICE_TRANSACTION_BYTES_MAX {
                break;
            }
            self.add_row(snapshot, service, (&key, row), draft).await?;
            draft.batch.delete(&QUEUE, &key);
            draft.rows_taken += 1;
        }
        Ok(())
    }

    async fn add_row(
        &self,
        snapshot: &Snapshot,
        service: &Service,
        (key, row): (&QueueKey, QueueRow),
        draft: &mut Draft,
    ) -> Result<(), ServicesError> {
        match row {
            QueueRow::Event { room, event, member, .. } => {
                match self.0.parts.rooms.service_events(snapshot, &[event]).await {
                    Ok(written) => {
                        draft.events_bytes += written.iter().map(Bytes::len).sum::<usize>();
                        draft.events.extend(written);
                    }
                    Err(RoomsError::Corrupt(what)) => {
                        tracing::debug!(what, "drop a row of what is gone");
                        return Ok(());
                    }
                    Err(error) => return Err(error.into()),
                }
                if let Some((user, joined)) = member {
                    if joined || self.shares_a_room(service, &user).await? {
                        draft.changed.extend(joined.then_some(user));
                    } else {
                        draft.left.insert(user);
                    }
                }
                if service.receives_encryption {
                    self.count_members(snapshot, service, (room, event), draft).await?;
                }
            }
            QueueRow::Receipts { room, .. } => {
                let span = draft.receipts.entry(room).or_insert((key.1, key.1));
                *span = (span.0.min(key.1), span.1.max(key.1));
            }
            QueueRow::DeviceList { user, .. } => {
                draft.changed.insert(user);
            }
        }
        Ok(())
    }

    async fn shares_a_room(&self, service: &Service, user: &ruma::UserId) -> Result<bool, RoomsError> {
        let loaded = self.0.parts.appservices.loaded();
        let flags = self.0.interests.of_user(&self.0.parts.rooms, &loaded, user).await?;
        Ok(loaded.services.iter().zip(flags).any(|(other, shares)| shares && other.id == service.id))
    }

    /// Whoever of the service can read an encrypted event needs to know how many keys are left.
    async fn count_members(
        &self,
        snapshot: &Snapshot,
        service: &Service,
        (room, event): (RoomNum, model::EventNum),
        draft: &mut Draft,
    ) -> Result<(), RoomsError> {
        let rooms = &self.0.parts.rooms;
        if rooms.pdu(snapshot, event).await?.kind() != "m.room.encrypted" {
            return Ok(());
        }
        let members = rooms.local_members(room).await?;
        let own = members.iter().filter(|user| service.is_interested_in(user));
        for user in own.take(SERVICE_COUNTED_USERS_MAX) {
            if draft.counted.len() < SERVICE_COUNTED_USERS_MAX {
                draft.counted.insert(user.clone());
            }
        }
        Ok(())
    }

    async fn add_ephemeral(
        &self,
        snapshot: &Snapshot,
        service: &Service,
        waiting: &Waiting,
        draft: &mut Draft,
    ) -> Result<(), ServicesError> {
        let rooms = &self.0.parts.rooms;
        for (room, (first, last)) in std::mem::take(&mut draft.receipts) {
            let before = StreamPos::new(first.get().saturating_sub(1));
            let content = rooms.receipts_between(snapshot, room, before, last, &service.sender).await?;
            let Some(content) = content else { continue };
            let room_id = rooms.room_id(snapshot, room).await?;
            let event = json!({ "type": "m.receipt", "room_id": room_id, "content": content });
            draft.ephemeral.push(event.to_string().into());
        }
        for room in &waiting.typing {
            let content = json!({ "user_ids": rooms.typing().current(*room) });
            let room_id = rooms.room_id(snapshot, *room).await?;
            let event = json!({ "type": "m.typing", "room_id": room_id, "content": content });
            draft.ephemeral.push(event.to_string().into());
        }
        for user in &waiting.presence {
            let event = rooms.presence().event(user);
            draft.ephemeral.extend(event.map(|event| Bytes::from(event.get().to_owned())));
        }
        Ok(())
    }

    async fn add_to_device(
        &self,
        snapshot: &Snapshot,
        service: &Service,
        waiting: &Waiting,
        draft: &mut Draft,
    ) -> Result<(), StoreError> {
        if !service.receives_ephemeral {
            return Ok(());
        }
        let keys = &self.0.parts.keys;
        for (user, device) in &waiting.devices {
            let room = SERVICE_TO_DEVICE_MAX.saturating_sub(draft.to_device.len());
            if room == 0 {
                draft.unfinished.insert((user.clone(), device.clone()));
                continue;
            }
            // Nobody else reads for a user of the service's own: the messages move. Otherwise they are also there for
            // the device's own sync.
            let moves = service.reserves(user);
            let sent_key = (service.id.clone(), user.clone(), device.clone());
            let sent = if moves { None } else { snapshot.get(&TO_DEVICE_SENT, &sent_key).await? };
            let span = (sent.unwrap_or(StreamPos::ZERO), snapshot.position());
            let messages = keys.pending_to_device(snapshot, (user, device), span, room).await?;
            let Some((last, _)) = messages.last() else { continue };
            if moves {
                keys.add_taken(&mut draft.batch, (user, device), &messages);
            } else {
                draft.batch.put(&TO_DEVICE_SENT, &sent_key, last);
            }
            if messages.len() == room {
                draft.unfinished.insert((user.clone(), device.clone()));
            }
            draft.counted.insert(user.clone());
            draft.to_device.extend(messages.iter().map(|(_, event)| addressed(event, user, device)));
        }
        Ok(())
    }

    async fn add_counts(
        &self,
        snapshot: &Snapshot,
        service: &Service,
        line: &Line,
        waiting: &Waiting,
        draft: &mut Draft,
    ) -> Result<(), StoreError> {
        if !service.receives_encryption {
            return Ok(());
        }
        let (keys, accounts) = (&self.0.parts.keys, &self.0.parts.accounts);
        let mut devices: BTreeSet<DeviceKey> = BTreeSet::new();
        for key in &waiting.devices {
            let changed = keys.key_counts(snapshot, &key.0, &key.1).await?.changed;
            if changed > StreamPos::ZERO && line.told_counts(key) != Some(changed) {
                devices.insert(key.clone());
            }
        }
        for user in &draft.counted {
            let all = accounts.devices(snapshot, user).await?;
            devices.extend(all.into_iter().map(|device| (user.clone(), device.id)));
        }
        for (user, device) in devices {
            let counts = keys.key_counts(snapshot, &user, &device).await?;
            put(&mut draft.one_time, &user, &device, json!(counts.one_time));
            put(&mut draft.fallback, &user, &device, json!(counts.unused_fallback));
            draft.counts.push(((user, device), counts.changed));
        }
        Ok(())
    }
}

fn put(map: &mut Map<String, Value>, user: &OwnedUserId, device: &OwnedDeviceId, value: Value) {
    let devices = map.entry(user.to_string()).or_insert_with(|| json!({}));
    if let Some(devices) = devices.as_object_mut() {
        devices.insert(device.to_string(), value);
    }
}
