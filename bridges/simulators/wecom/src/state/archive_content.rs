//! What stands in an entry of the archive: words, files and the rest, in the archive's own terms.

use serde_json::{Value, json};

use super::State;
use super::messages::Message;
use crate::crypto;

/// Ids of files are long.
const FILE_HEAD: &str = "CtYBMzA2OTAyMDEwMjA0NjIzMDYwMDIwMTAwMDIwNGI3ZmU0MDZlMDIwMzBmNTliMTAyMDQ1YzliNTQ3NzAyMDQ1YzM3M2NiYzA0MjQ2NjM0MzgzNTM0NjEzNTJkMzUzNDYxMzQyZDM0MzgzODYyMmQzNDM4MzAzMjJkMzUzMDM0NjUzMzMwMzMzMzY0NjE2NDAyMDEwMDAyMDMxMDAwMDAwNDEw";

impl State {
    /// The msgtype, the member that it stands in, and what stands there.
    pub(super) fn archived_content(&self, message: &Message) -> (String, String, Value) {
        let (draft, content) = (&message.draft, &message.draft.content);
        let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
        let of = |kind: &str, content: Value| (kind.to_owned(), kind.to_owned(), content);
        match draft.kind.as_str() {
            "text" => of("text", json!({ "content": self.archived_words(message, text("content")) })),
            "markdown" | "stream" => {
                ("markdown".into(), "info".into(), json!({ "content": text("content") }))
            }
            "image" | "voice" | "video" | "file" => {
                of(&draft.kind, self.archived_file(&draft.kind, draft.media.as_deref().unwrap_or_default()))
            }
            "location" => of(
                "location",
                json!({
                    "latitude": content.get("latitude"), "longitude": content.get("longitude"),
                    "title": text("label"), "address": text("label"), "zoom": 15,
                }),
            ),
            "link" => of(
                "link",
                json!({
                    "title": text("title"), "description": text("description"), "link_url": text("url"),
                    "image_url": text("picurl"),
                }),
            ),
            "mixed" => of("mixed", self.archived_items(message)),
            other => of(other, content.clone()),
        }
    }

    fn archived_items(&self, message: &Message) -> Value {
        let items = message.draft.content.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut first = true;
        let mut item = |item: &Value| {
            if let Some(key) = item.get("key").and_then(Value::as_str) {
                return json!({ "type": "image", "content": self.archived_file("image", key).to_string() });
            }
            let words = item.get("text").and_then(Value::as_str).unwrap_or_default();
            let words = if first { self.archived_words(message, words) } else { words.to_owned() };
            first = false;
            json!({ "type": "text", "content": json!({ "content": words }).to_string() })
        };
        let items: Vec<Value> = items.iter().map(&mut item).collect();
        json!({ "item": items })
    }

    /// The words as people see them: whom they address before them, and what they answer above.
    fn archived_words(&self, message: &Message, words: &str) -> String {
        let name = |at: &String| self.bots.get(at).map(|bot| format!("@{} ", bot.name));
        let addressed: String = message.draft.at.iter().filter_map(name).collect();
        let quoted = message.draft.reply_to.as_ref().and_then(|id| self.messages.get(id));
        let words = format!("{addressed}{words}");
        match quoted {
            Some(quoted) => {
                let before = quoted.draft.content.get("content").and_then(Value::as_str).unwrap_or_default();
                let by =
                    self.people.get(&quoted.by.id()).map_or(quoted.by.id(), |person| person.name.clone());
                format!("这是一条引用/回复消息：\n\"{by}：\n{before}\"\n------\n{words}")
            }
            None => words,
        }
    }

    /// A file; its checksum is wrong, as it is now and then on the platform.
    fn archived_file(&self, kind: &str, key: &str) -> Value {
        let Some(media) = self.media.get(key) else { return json!({}) };
        let size = media.bytes.len();
        let mut file =
            json!({ "md5sum": crypto::md5(key.as_bytes()), "sdkfileid": format!("{FILE_HEAD}{key}") });
        match kind {
            "voice" => (file["voice_size"], file["play_length"]) = (size.into(), 3.into()),
            "video" => (file["filesize"], file["play_length"]) = (size.into(), 3.into()),
            "file" => {
                let ending = media.name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
                file["filesize"] = size.into();
                (file["filename"], file["fileext"]) = (media.name.clone().into(), ending.into());
            }
            _ => file["filesize"] = size.into(),
        }
        file
    }
}

/// The file behind the archive's id of it.
pub(crate) fn file_key(id: &str) -> Option<&str> {
    id.strip_prefix(FILE_HEAD)
}
