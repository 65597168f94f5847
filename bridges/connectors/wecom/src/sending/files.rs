//! Files that rooms send: uploaded by place, kind and form, and the messages that show them.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_api::{
    ByteStream, CallError, ConversationId, Download, Failure, File, FileKind, Files, MediaId, MessageId,
    Outgoing, Refusal, RichText, Upload, digest, hex, whole,
};
use md5::{Digest as _, Md5};
use serde_json::json;

use super::{Said, Sending};
use crate::{
    client,
    ids::Place,
    limits::{
        FILE_BYTES_MAX, FILE_BYTES_MIN, IMAGE_BYTES_MAX, VIDEO_BYTES_MAX, VOICE_BYTES_MAX, VOICE_MS_MAX,
        WEBHOOK_IMAGE_BYTES_MAX, WEBHOOK_IMAGES_MAX,
    },
    settings::BotMode,
};

/// What an image for a webhook is called until its message is sent.
const INLINE: &str = "inline:";

impl Sending {
    /// A line that says whose file it is, and the file.
    pub(super) async fn file(&self, outgoing: &Outgoing, file: &File) -> Result<Vec<MessageId>, Failure> {
        let said = self.file_said(file)?;
        let mut messages = Vec::new();
        if !outgoing.speaker.name.is_empty() {
            // The parts of the line stand behind the file's own, so that both keep their keys.
            messages.extend(self.text(outgoing, &RichText::plain(&format!("[{}]", file.name))).await?);
        }
        messages.push(self.one(outgoing, messages.len().max(1), said).await?);
        Ok(messages)
    }

    fn file_said(&self, file: &File) -> Result<Said, Failure> {
        let media = file.media.as_str();
        if let Some(name) = media.strip_prefix(INLINE) {
            let images = self.images.lock();
            let found = images.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes);
            let bytes =
                found.ok_or_else(|| Failure::later("the picture was forgotten; it is uploaded again"))?;
            let body = json!({"base64": STANDARD.encode(bytes), "md5": hex(&Md5::digest(bytes))});
            return Ok(Said { kind: "image", body });
        }
        let (kind, mut body) = (word(file.kind), json!({"media_id": media}));
        if file.kind == FileKind::Video {
            let title = &file.name[..file.name.floor_char_boundary(128)];
            body["title"] = json!(title);
        }
        Ok(Said { kind, body })
    }

    async fn upload_by_app(
        &self,
        kind: &str,
        file: &File,
        size: u64,
        bytes: ByteStream,
    ) -> Result<String, CallError> {
        self.client.app()?;
        self.client.upload(kind, self.multipart(file, kind, size, bytes)).await
    }

    fn multipart(&self, file: &File, kind: &str, size: u64, bytes: ByteStream) -> Upload {
        let boundary = format!("lianqiao{}", self.rng.string(40));
        let name = named(&file.name, kind, file.mimetype.as_deref());
        let mimetype = file.mimetype.as_deref().unwrap_or("application/octet-stream");
        client::upload(&boundary, &name, mimetype, size, bytes)
    }

    async fn upload_to_webhook(
        &self,
        name: &str,
        kind: &'static str,
        file: &File,
        size: u64,
        bytes: ByteStream,
    ) -> Result<String, Failure> {
        match kind {
            "image" if size <= WEBHOOK_IMAGE_BYTES_MAX => {
                let whole = whole(bytes, WEBHOOK_IMAGE_BYTES_MAX).await?;
                let name = digest(&whole);
                let mut images = self.images.lock();
                images.retain(|(known, _)| *known != name);
                images.push_back((name.clone(), whole));
                while images.len() > WEBHOOK_IMAGES_MAX {
                    images.pop_front();
                }
                Ok(format!("{INLINE}{name}"))
            }
            "image" => Err(Failure::refused(Refusal::TooLarge { bytes_max: WEBHOOK_IMAGE_BYTES_MAX })),
            "file" | "voice" => {
                let key = self.webhook(name)?.expose();
                let upload = self.multipart(file, kind, size, bytes);
                Ok(self.client.upload_to_webhook(key, kind, upload).await?)
            }
            _ => Err(Failure::refused(Refusal::Impossible)),
        }
    }
}

#[async_trait]
impl Files for Sending {
    fn upload_bytes_max(&self, kind: FileKind) -> u64 {
        bytes_max(kind)
    }

    async fn upload(
        &self,
        conversation: &ConversationId,
        file: &File,
        bytes: ByteStream,
    ) -> Result<MediaId, Failure> {
        let size = file.size.ok_or_else(|| Failure::refused(Refusal::Impossible))?;
        if size > bytes_max(file.kind) {
            return Err(Failure::refused(Refusal::TooLarge { bytes_max: bytes_max(file.kind) }));
        }
        if size < FILE_BYTES_MIN || !fits(file) {
            return Err(Failure::refused(Refusal::Impossible));
        }
        let kind = word(file.kind);
        let media = match super::place(conversation)? {
            Place::Direct(_) | Place::Chat(_) => self.upload_by_app(kind, file, size, bytes).await?,
            Place::Webhook(name) => self.upload_to_webhook(name, kind, file, size, bytes).await?,
            Place::Archived(_) => return Err(Failure::refused(Refusal::Impossible)),
            Place::BotGroup(_) | Place::BotDirect(_) => {
                let bot = self.client.settings().bot.as_ref();
                if !matches!(bot.map(|bot| &bot.mode), Some(BotMode::Socket { .. })) {
                    return Err(Failure::refused(Refusal::Impossible));
                }
                let whole = whole(bytes, bytes_max(file.kind)).await?;
                let name = named(&file.name, kind, file.mimetype.as_deref());
                self.line.upload(kind, &name, whole, &self.rng.string(16)).await?
            }
        };
        MediaId::new(media).map_err(|error| Failure::later(error.to_string()))
    }

    async fn download(&self, _: &ConversationId, _: &MessageId, file: &File) -> Result<Download, Failure> {
        let impossible = || Failure::refused(Refusal::Impossible);
        let (kind, name) = file.media.as_str().split_once(':').ok_or_else(impossible)?;
        match kind {
            "app" => self.of_app(name).await,
            "bot" => self.of_bot(name).await,
            "archive" => self.archive.as_ref().ok_or_else(impossible)?.download(name).await,
            _ => Err(impossible()),
        }
    }
}

const fn bytes_max(kind: FileKind) -> u64 {
    match kind {
        FileKind::Image => IMAGE_BYTES_MAX,
        FileKind::Voice => VOICE_BYTES_MAX,
        FileKind::Video => VIDEO_BYTES_MAX,
        FileKind::File => FILE_BYTES_MAX,
    }
}

/// The platform's word for a kind of file.
const fn word(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Image => "image",
        FileKind::Voice => "voice",
        FileKind::Video => "video",
        FileKind::File => "file",
    }
}

/// Whether the platform shows a file of this form as what it is.
fn fits(file: &File) -> bool {
    let ending = file.name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let kind = file.mimetype.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is = |kinds: &[&str], endings: &[&str]| {
        kinds.contains(&kind) || (kind.is_empty() && endings.contains(&ending.as_str()))
    };
    match file.kind {
        FileKind::Image => is(&["image/jpeg", "image/png"], &["jpg", "jpeg", "png"]),
        FileKind::Voice => {
            is(&["audio/amr"], &["amr"]) && file.duration_ms.is_none_or(|length| length <= VOICE_MS_MAX)
        }
        FileKind::Video => is(&["video/mp4"], &["mp4"]),
        FileKind::File => true,
    }
}

/// A name with the ending by which the platform knows a form.
fn named(name: &str, kind: &str, mimetype: Option<&str>) -> String {
    let ending = match (kind, mimetype) {
        ("image", Some("image/png")) => "png",
        ("image", _) => "jpg",
        ("voice", _) => "amr",
        ("video", _) => "mp4",
        _ => return name.to_owned(),
    };
    let lower = name.to_lowercase();
    let has = lower.ends_with(&format!(".{ending}"))
        || (ending == "jpg" && (lower.ends_with(".jpeg") || lower.ends_with(".png")));
    if has { name.to_owned() } else { format!("{name}.{ending}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_that_the_platform_takes_are_sent_as_what_they_are() {
        let file = |kind, name: &str, mimetype: Option<&str>, length| File {
            kind,
            name: name.into(),
            mimetype: mimetype.map(str::to_owned),
            size: Some(9),
            duration_ms: length,
            dimensions: None,
            media: MediaId::new("m").expect("an id"),
        };
        let table = [
            (FileKind::Image, "a", Some("image/png"), None, true),
            (FileKind::Image, "a.JPG", None, None, true),
            (FileKind::Image, "a.webp", Some("image/webp"), None, false),
            (FileKind::Image, "a.png", Some("image/gif"), None, false),
            (FileKind::Voice, "a.amr", Some("audio/amr"), Some(60_000), true),
            (FileKind::Voice, "a.amr", Some("audio/amr"), Some(60_001), false),
            (FileKind::Voice, "a.ogg", Some("audio/ogg; codecs=opus"), None, false),
            (FileKind::Video, "a.mp4", Some("video/mp4"), None, true),
            (FileKind::Video, "a.webm", Some("video/webm"), None, false),
            (FileKind::File, "a.exe", None, None, true),
        ];
        for (kind, name, mimetype, length, expected) in table {
            assert_eq!(fits(&file(kind, name, mimetype, length)), expected, "{name} {mimetype:?}");
        }
        assert_eq!(named("图", "image", Some("image/png")), "图.png");
        assert_eq!((named("a.jpeg", "image", None), named("a", "file", None)), ("a.jpeg".into(), "a".into()));
    }
}
