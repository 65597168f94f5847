//! Files that rooms send: uploaded by place, kind and form, and the messages that show them.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_api::{
    ByteStream, CallError, ConversationId, Download, Failure, File, FileKind, Files, Forms, MediaId,
    MessageId, Outgoing, Refusal, RichText, Upload, digest, hex, whole,
};
use md5::{Digest as _, Md5};
use serde_json::json;

use super::{Said, Sending};
use crate::{
    client::{self, Bucket},
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

    /// Whether the bot has a connection: by callbacks alone it sends no files.
    fn is_connected_bot(&self) -> bool {
        let bot = self.client.settings().bot.as_ref();
        matches!(bot.map(|bot| &bot.mode), Some(BotMode::Socket { .. }))
    }

    async fn upload_by_app(
        &self,
        kind: &str,
        file: &File,
        size: u64,
        bytes: ByteStream,
    ) -> Result<String, CallError> {
        self.client.app()?;
        self.client.upload(kind, self.multipart(file, size, bytes)).await
    }

    fn multipart(&self, file: &File, size: u64, bytes: ByteStream) -> Upload {
        let boundary = format!("lianqiao{}", self.rng.string(40));
        let name = forms(file.kind).name_of(file);
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
                let upload = self.multipart(file, size, bytes);
                Ok(self.client.upload_to_webhook(key, kind, upload).await?)
            }
            _ => Err(Failure::refused(Refusal::Impossible)),
        }
    }
}

#[async_trait]
impl Files for Sending {
    fn forms(&self, conversation: &ConversationId, kind: FileKind) -> Forms {
        match super::place(conversation) {
            Ok(Place::Direct(_) | Place::Chat(_) | Place::Service { .. }) => forms(kind),
            Ok(Place::Webhook(_)) => match kind {
                FileKind::Image => Forms { bytes_max: WEBHOOK_IMAGE_BYTES_MAX, ..forms(kind) },
                FileKind::Voice | FileKind::File => forms(kind),
                FileKind::Video => Forms::NONE,
            },
            Ok(Place::BotGroup(_) | Place::BotDirect(_)) if self.is_connected_bot() => forms(kind),
            Ok(Place::BotGroup(_) | Place::BotDirect(_) | Place::Archived(_)) | Err(_) => Forms::NONE,
        }
    }

    async fn upload(
        &self,
        conversation: &ConversationId,
        file: &File,
        bytes: ByteStream,
    ) -> Result<MediaId, Failure> {
        let size = file.size.ok_or_else(|| Failure::refused(Refusal::Impossible))?;
        let forms = forms(file.kind);
        if size > forms.bytes_max {
            return Err(Failure::refused(Refusal::TooLarge { bytes_max: forms.bytes_max }));
        }
        if size < FILE_BYTES_MIN || !forms.fits(file) {
            return Err(Failure::refused(Refusal::Impossible));
        }
        let kind = word(file.kind);
        let media = match super::place(conversation)? {
            Place::Direct(_) | Place::Chat(_) | Place::Service { .. } => {
                self.upload_by_app(kind, file, size, bytes).await?
            }
            Place::Webhook(name) => self.upload_to_webhook(name, kind, file, size, bytes).await?,
            Place::Archived(_) => return Err(Failure::refused(Refusal::Impossible)),
            Place::BotGroup(_) | Place::BotDirect(_) => {
                if !self.is_connected_bot() {
                    return Err(Failure::refused(Refusal::Impossible));
                }
                let whole = whole(bytes, forms.bytes_max).await?;
                let name = forms.name_of(file);
                self.client.turns.wait(&Bucket::Uploads).await?;
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

/// The platform's word for a kind of file.
const fn word(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Image => "image",
        FileKind::Voice => "voice",
        FileKind::Video => "video",
        FileKind::File => "file",
    }
}

/// The forms of a kind, where the app or the bot sends it.
const fn forms(kind: FileKind) -> Forms {
    const PICTURES: &[(&str, &str)] = &[("image/jpeg", "jpg"), ("image/jpeg", "jpeg"), ("image/png", "png")];
    match kind {
        FileKind::Image => Forms::of(PICTURES, IMAGE_BYTES_MAX),
        FileKind::Voice => {
            let forms = Forms::of(&[("audio/amr", "amr")], VOICE_BYTES_MAX);
            Forms { duration_ms_max: Some(VOICE_MS_MAX), ..forms }
        }
        FileKind::Video => Forms::of(&[("video/mp4", "mp4")], VIDEO_BYTES_MAX),
        FileKind::File => Forms::any(FILE_BYTES_MAX),
    }
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
            assert_eq!(
                forms(kind).fits(&file(kind, name, mimetype, length)),
                expected,
                "{name} {mimetype:?}"
            );
        }
        let called = |name: &str, mimetype| {
            forms(FileKind::Image).name_of(&file(FileKind::Image, name, mimetype, None))
        };
        assert_eq!(called("图", Some("image/png")), "图.png");
        assert_eq!(called("a.jpeg", None), "a.jpeg");
    }
}
