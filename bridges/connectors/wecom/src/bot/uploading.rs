//! Files over the bot's connection: announced, handed over in pieces one after the other, finished. The platform stumbles over
//! pieces that come at once.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_api::hex;
use bytes::Bytes;
use md5::{Digest as _, Md5};
use serde_json::json;

use super::Line;
use crate::{
    client::{CallError, Meaning},
    lenient::text,
    limits::CHUNK_BYTES,
};

impl Line {
    /// Uploads a file and says what the platform calls it. `chance` makes the names of the frames new.
    ///
    /// # Errors
    /// See [`CallError`]. A failed upload shows nothing to anybody, so every failure that passes may be tried again.
    pub async fn upload(
        &self,
        kind: &str,
        name: &str,
        bytes: Bytes,
        chance: &str,
    ) -> Result<String, CallError> {
        let chunks: Vec<&[u8]> = bytes.chunks(CHUNK_BYTES).collect();
        let body = json!({
            "type": kind,
            "filename": name,
            "total_size": bytes.len(),
            "total_chunks": chunks.len(),
            "md5": hex(&Md5::digest(&bytes)),
        });
        let missing = || CallError::ours(Meaning::Busy, "the platform gave the file no name");
        let request = format!("aibot_upload_media_init_{chance}");
        let answer = self.harmless("aibot_upload_media_init", &request, body).await?;
        let upload = text(&answer, "upload_id").ok_or_else(missing)?;
        for (index, chunk) in chunks.iter().enumerate() {
            let body =
                json!({"upload_id": upload, "chunk_index": index, "base64_data": STANDARD.encode(chunk)});
            let request = format!("aibot_upload_media_chunk_{chance}_{index}");
            self.harmless("aibot_upload_media_chunk", &request, body).await?;
        }
        let request = format!("aibot_upload_media_finish_{chance}");
        let answer =
            self.harmless("aibot_upload_media_finish", &request, json!({"upload_id": upload})).await?;
        text(&answer, "media_id").ok_or_else(missing)
    }

    /// Asks for something that may be done twice without harm.
    async fn harmless(
        &self,
        command: &str,
        request: &str,
        body: serde_json::Value,
    ) -> Result<serde_json::Value, CallError> {
        self.ask(command, request, body).await.map_err(CallError::of_reading)
    }
}
