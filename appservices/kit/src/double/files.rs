//! Files that people send on the stage, in the clear and locked.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{Double, Stage};
use crate::{Body, Call, crypto::locked};

/// What clients call a file that they know nothing of.
const MIMETYPE: &str = "application/octet-stream";

impl Stage {
    /// Sends a file, in the thread of `root` if any; the event.
    pub fn uploads(&self, person: &str, room: &str, name: &str, bytes: &[u8], root: Option<&str>) -> String {
        let url = self.homeserver().keeps(person, bytes);
        self.sends_file(person, room, json!({ "body": name, "url": url }), bytes, root)
    }

    /// Sends a file as clients do in encrypted rooms, with its key in the message; the event.
    ///
    /// # Panics
    /// Where it cannot be encrypted.
    pub fn uploads_locked(
        &self,
        person: &str,
        room: &str,
        name: &str,
        bytes: &[u8],
        thread: Option<&str>,
    ) -> String {
        let file = self.locked_file(person, bytes);
        self.sends_file(person, room, json!({ "body": name, "file": file }), bytes, thread)
    }

    /// The `file` of a message about these bytes, uploaded locked.
    ///
    /// # Panics
    /// Where they cannot be encrypted.
    #[must_use]
    pub fn locked_file(&self, person: &str, bytes: &[u8]) -> Value {
        let (bytes, mut file) = locked(bytes).expect("a locked file");
        file["url"] = json!(self.homeserver().keeps(person, &bytes));
        file
    }

    fn sends_file(
        &self,
        person: &str,
        room: &str,
        mut content: Value,
        bytes: &[u8],
        thread: Option<&str>,
    ) -> String {
        content["msgtype"] = json!("m.file");
        content["info"] = json!({ "size": bytes.len(), "mimetype": MIMETYPE });
        if let Some(root) = thread {
            content["m.relates_to"] = json!({ "rel_type": "m.thread", "event_id": root });
        }
        self.sends(person, room, "m.room.message", content)
    }
}

impl Double {
    /// Somebody's client uploads these bytes; where they are.
    pub(crate) fn keeps(&self, person: &str, bytes: &[u8]) -> String {
        let mut upload = Call::new(Method::POST, &["media", "v3", "upload"]);
        upload.body = Body::File(MIMETYPE.to_owned(), Bytes::copy_from_slice(bytes));
        self.does(person, upload)["content_uri"].as_str().unwrap_or_default().to_owned()
    }
}
