//! Messages for devices on other servers: rows that wait until the sender to other servers takes them over.
//!
//! A row is the content of one `m.direct_to_device` EDU with an id of its own, so that the receiving server recognises a
//! repetition. See <https://spec.matrix.org/v1.19/server-server-api/#send-to-device-messaging>. Which server gets it, and
//! when, is not decided here.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedServerName, OwnedUserId};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    Keys, ToDeviceTransaction,
    limits::{OUTGOING_MESSAGE_BYTES_MAX, OUTGOING_MESSAGE_RECIPIENTS_MAX, OUTGOING_MESSAGES_READ_MAX},
    tables::OUTGOING_TO_DEVICE,
};

/// One message to the devices of a user on another server.
#[derive(Clone, Debug)]
pub struct RemoteMessage {
    /// Whose device.
    pub user: OwnedUserId,
    /// The device, or `*` for all that the user has when the message arrives.
    pub device: String,
    /// The event's content: a JSON object.
    pub content: Box<RawValue>,
}

/// The content of an `m.direct_to_device` EDU that waits, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Its place among all of them.
    pub position: StreamPos,
    /// The server that gets it.
    pub destination: OwnedServerName,
    /// The EDU's content as JSON.
    pub content: Bytes,
}

#[derive(Serialize)]
struct Content<'a> {
    message_id: String,
    messages: &'a BTreeMap<&'a OwnedUserId, BTreeMap<&'a str, &'a RawValue>>,
    sender: &'a ruma::UserId,
    r#type: &'a str,
}

/// The messages by server, in parts of which each fits an EDU.
pub(crate) fn contents(
    transaction: ToDeviceTransaction<'_>,
    messages: &[RemoteMessage],
) -> Vec<(OwnedServerName, Bytes)> {
    let mut by_server: BTreeMap<&ruma::ServerName, Vec<&RemoteMessage>> = BTreeMap::new();
    for message in messages {
        by_server.entry(message.user.server_name()).or_default().push(message);
    }
    let mut contents = Vec::new();
    for (server, messages) in by_server {
        for (number, part) in parts(&messages).into_iter().enumerate() {
            let mut by_user: BTreeMap<&OwnedUserId, BTreeMap<&str, &RawValue>> = BTreeMap::new();
            for message in part {
                by_user.entry(&message.user).or_default().insert(&message.device, &message.content);
            }
            let scope = transaction.device.map(ruma::DeviceId::as_str).unwrap_or_default();
            // Unique among the messages of this server: the sender and the scope of the client's id are part of it.
            let message_id = format!(
                "{}:{scope}:{}:{}:{number}",
                transaction.sender.localpart(),
                transaction.kind,
                transaction.transaction_id
            );
            let content = Content {
                message_id: shortened(message_id),
                messages: &by_user,
                sender: transaction.sender,
                r#type: transaction.kind,
            };
            if let Ok(json) = serde_json::to_vec(&content) {
                contents.push((server.to_owned(), Bytes::from(json)));
            }
        }
    }
    contents
}

/// Servers may refuse long ids: the readable form where it fits, its digest where it does not.
fn shortened(id: String) -> String {
    const ID_BYTES_MAX: usize = 200;
    if id.len() <= ID_BYTES_MAX && id.is_ascii() {
        return id;
    }
    use sha2::{Digest as _, Sha256};
    Sha256::digest(id.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parts<'a>(messages: &[&'a RemoteMessage]) -> Vec<Vec<&'a RemoteMessage>> {
    let mut parts: Vec<Vec<&RemoteMessage>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let size = message.content.get().len() + message.user.as_bytes().len() + message.device.len();
        match parts.last_mut() {
            Some(part)
                if part.len() < OUTGOING_MESSAGE_RECIPIENTS_MAX
                    && bytes + size <= OUTGOING_MESSAGE_BYTES_MAX =>
            {
                part.push(message);
                bytes += size;
            }
            Some(_) | None => {
                parts.push(vec![message]);
                bytes = size;
            }
        }
    }
    parts
}

impl Keys {
    /// Messages for other servers after `after` and not after `up_to`, oldest first, at most
    /// [`OUTGOING_MESSAGES_READ_MAX`]: ask again after the last one until none comes.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn outgoing_to_device(
        &self,
        reader: &Reader,
        after: StreamPos,
        up_to: StreamPos,
    ) -> Result<Vec<OutgoingMessage>, StoreError> {
        let scan = Scan::all().after(&after).up_to(&up_to).limit(OUTGOING_MESSAGES_READ_MAX);
        let rows = reader.scan(&OUTGOING_TO_DEVICE, scan).await?;
        let message = |(position, (destination, content))| OutgoingMessage { position, destination, content };
        Ok(rows.into_iter().map(message).collect())
    }

    /// Writes into the batch that somebody else keeps this message from now on.
    pub fn hand_over_to_device(&self, batch: &mut Batch, message: &OutgoingMessage) {
        batch.delete(&OUTGOING_TO_DEVICE, &message.position);
    }
}

#[cfg(test)]
mod tests {
    use ruma::{device_id, user_id};

    use super::*;

    fn message(user: &str, device: &str, bytes: usize) -> RemoteMessage {
        RemoteMessage {
            user: user.try_into().expect("a user id"),
            device: device.to_owned(),
            content: RawValue::from_string(format!("{{\"body\":\"{}\"}}", "x".repeat(bytes))).expect("JSON"),
        }
    }

    fn transaction(id: &str) -> ToDeviceTransaction<'_> {
        ToDeviceTransaction {
            sender: user_id!("@alice:a"),
            device: Some(device_id!("D")),
            transaction_id: id,
            kind: "m.room_key",
        }
    }

    #[test]
    fn every_server_gets_its_own_part_with_an_id_of_its_own() {
        let messages = [message("@bob:b", "X", 2), message("@carol:c", "*", 2), message("@bob:b", "Y", 2)];
        let contents = contents(transaction("t"), &messages);
        assert_eq!(contents.iter().map(|(server, _)| server.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        let first: serde_json::Value = serde_json::from_slice(&contents[0].1).expect("JSON");
        assert_eq!(first["sender"], "@alice:a");
        assert_eq!(first["type"], "m.room_key");
        assert_eq!(first["messages"]["@bob:b"].as_object().map(serde_json::Map::len), Some(2));
    }

    #[test]
    fn a_pile_for_one_server_is_parted_by_bytes_and_the_parts_differ_in_their_id() {
        let messages: Vec<_> =
            (0..5).map(|n| message("@bob:b", &format!("D{n}"), OUTGOING_MESSAGE_BYTES_MAX / 2)).collect();
        let contents = contents(transaction("t"), &messages);
        assert!(contents.len() > 1);
        let ids: std::collections::BTreeSet<String> = contents
            .iter()
            .map(|(_, json)| {
                serde_json::from_slice::<serde_json::Value>(json).expect("JSON")["message_id"].to_string()
            })
            .collect();
        assert_eq!(ids.len(), contents.len());
    }

    #[test]
    fn a_long_transaction_id_becomes_a_short_message_id() {
        let contents = contents(transaction(&"t".repeat(500)), &[message("@bob:b", "X", 2)]);
        let first: serde_json::Value = serde_json::from_slice(&contents[0].1).expect("JSON");
        assert_eq!(first["message_id"].as_str().map(str::len), Some(64));
    }
}
