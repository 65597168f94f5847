//! Uploads over a connection: announced, sent in pieces in any order, finished.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::api::media;
use crate::crypto;
use crate::faults::Fault;
use crate::limits::UPLOADS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::MediaOwner;

const CHUNKS_MAX: u64 = 100;
const CHUNK_BYTES_MAX: usize = 512 << 10;
const UPLOADS_PER_MINUTE: u32 = 30;
const UPLOADS_PER_HOUR: u32 = 1_000;

struct Upload {
    kind: String,
    name: String,
    size: usize,
    chunks_count: u64,
    md5: Option<String>,
    chunks: BTreeMap<u64, Vec<u8>>,
    until_ms: u64,
}

/// The uploads of one connection that are not finished.
#[derive(Default)]
pub(super) struct Uploads(BTreeMap<String, Upload>);

fn text(body: &Value, name: &str) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(body: &Value, name: &str) -> Result<u64, Refusal> {
    body.get(name).and_then(Value::as_u64).ok_or_else(|| Refusal::parameter(&format!("{name} is no number")))
}

impl Uploads {
    /// `aibot_upload_media_init`.
    pub(super) fn begin(&mut self, state: &mut State, bot: &str, body: &Value) -> Result<Value, Refusal> {
        let now = state.now_ms();
        self.0.retain(|_, upload| upload.until_ms > now);
        let bounds = [(60_000, UPLOADS_PER_MINUTE), (3_600_000, UPLOADS_PER_HOUR)];
        state.stage.count(bot, "upload", &bounds).map_err(|_| Refusal::new(45_009))?;
        let upload = Upload {
            kind: text(body, "type"),
            name: text(body, "filename"),
            size: usize::try_from(number(body, "total_size")?).unwrap_or(usize::MAX),
            chunks_count: number(body, "total_chunks")?,
            md5: body.get("md5").and_then(Value::as_str).filter(|md5| !md5.is_empty()).map(str::to_lowercase),
            chunks: BTreeMap::new(),
            until_ms: now + state.settings.upload_life_ms,
        };
        media::check_size(&upload.kind, upload.size)?;
        let room = usize::try_from(upload.chunks_count).unwrap_or(0) * CHUNK_BYTES_MAX;
        if upload.name.is_empty() || !(1..=CHUNKS_MAX).contains(&upload.chunks_count) || room < upload.size {
            return Err(Refusal::parameter("filename or total_chunks"));
        }
        if self.0.len() >= UPLOADS_MAX {
            return Err(Refusal::new(-1));
        }
        let id = state.stage.chance.id("up", 30);
        self.0.insert(id.clone(), upload);
        Ok(json!({ "upload_id": id }))
    }

    fn known(&mut self, now: u64, body: &Value) -> Result<&mut Upload, Refusal> {
        let known = self.0.get_mut(&text(body, "upload_id")).filter(|upload| upload.until_ms > now);
        known.ok_or_else(|| Refusal::parameter("upload_id"))
    }

    /// `aibot_upload_media_chunk`. A piece may come again; pieces are counted from 0 or from 1.
    pub(super) fn put(&mut self, state: &mut State, body: &Value) -> Result<(), Refusal> {
        if state.stage.faults.strikes(Fault::SocketChunkBusy) {
            return Err(Refusal { code: -1, message: "system error".to_owned(), empty: Vec::new() });
        }
        let upload = self.known(state.now_ms(), body)?;
        let place = number(body, "chunk_index")?;
        let bytes =
            STANDARD.decode(text(body, "base64_data")).map_err(|_| Refusal::parameter("base64_data"))?;
        if place > upload.chunks_count || bytes.is_empty() || bytes.len() > CHUNK_BYTES_MAX {
            return Err(Refusal::parameter("chunk_index or base64_data"));
        }
        upload.chunks.insert(place, bytes);
        Ok(())
    }

    /// `aibot_upload_media_finish`.
    pub(super) fn finish(&mut self, state: &mut State, bot: &str, body: &Value) -> Result<Value, Refusal> {
        let upload = self.known(state.now_ms(), body)?;
        let first = upload.chunks.keys().next().copied().unwrap_or_default();
        let whole = upload.chunks.keys().copied().eq(first..first + upload.chunks_count);
        let bytes: Vec<u8> = upload.chunks.values().flatten().copied().collect();
        if !whole || bytes.len() != upload.size {
            return Err(Refusal::parameter("chunks are missing"));
        }
        if upload.md5.as_ref().is_some_and(|md5| *md5 != crypto::md5(&bytes)) {
            return Err(Refusal::parameter("md5"));
        }
        let (kind, name) = (upload.kind.clone(), upload.name.clone());
        media::check_bytes(&kind, &bytes)?;
        self.0.remove(&text(body, "upload_id"));
        let media = state.keep_media(&kind, &name, Bytes::from(bytes), MediaOwner::Bot(bot.to_owned()))?;
        Ok(json!({ "type": kind, "media_id": media, "created_at": state.now_s().to_string() }))
    }
}
