//! Files, both ways: uploads by kind and form, messages that show them, downloads by the code of a message.

use async_trait::async_trait;
use bridge_api::{
    ByteStream, ConversationId, Download, Failure, File, FileKind, Files, Forms, MediaId, MessageId,
    Outgoing, Refusal,
    exchange::{bytes_of, header_text},
    forms::ending,
};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use serde_json::json;

use super::Sending;
use crate::{
    client::{self, Call, Client},
    content::written,
    ids::{self, Place},
    lenient::text,
    limits::{
        COVER_KEPT_MS, DOWNLOAD_BYTES_MAX, FILE_BYTES_MAX, IMAGE_BYTES_MAX, TITLE_CHARACTERS_MAX,
        VIDEO_BYTES_MAX, VOICE_BYTES_MAX,
    },
};

/// A film wants a picture before it; ours is one grey dot.
const COVER: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00,
    0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81,
    0x77, 0xcd, 0x72, 0xb6, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

impl Sending {
    pub(super) async fn file(&self, outgoing: &Outgoing, file: &File) -> Result<Vec<MessageId>, Failure> {
        let (speaker, media) = (&outgoing.speaker.name, file.media.as_str());
        if file.kind == FileKind::Image {
            // One message with the name above the picture.
            let (kind, parameters) = if speaker.is_empty() {
                ("sampleImageMsg", json!({"photoURL": media}))
            } else {
                let words = format!("{}![]({media})", written::caption(speaker));
                let title = format!("{speaker}: [{}]", file.name);
                (
                    "sampleMarkdown",
                    json!({"title": title.chars().take(TITLE_CHARACTERS_MAX).collect::<String>(), "text": words}),
                )
            };
            return Ok(vec![self.one(outgoing, 0, kind, &parameters).await?]);
        }
        let mut messages = Vec::new();
        if !speaker.is_empty() {
            let line = json!({"content": format!("{speaker}: [{}]", file.name)});
            messages.push(self.one(outgoing, 0, "sampleText", &line).await?);
        }
        let length_ms = file.duration_ms.unwrap_or(1_000).max(1);
        let (kind, parameters) = match file.kind {
            FileKind::Voice => ("sampleAudio", json!({"mediaId": media, "duration": length_ms.to_string()})),
            FileKind::Video => {
                let cover = self.cover().await?;
                let seconds = length_ms.div_ceil(1000).to_string();
                let mut film = json!({"duration": seconds, "videoMediaId": media, "videoType": "mp4", "picMediaId": cover});
                if let Some((width, height)) = file.dimensions {
                    film["width"] = json!(width.to_string());
                    film["height"] = json!(height.to_string());
                }
                ("sampleVideo", film)
            }
            FileKind::File | FileKind::Image => (
                "sampleFile",
                json!({"mediaId": media, "fileName": file.name, "fileType": ending(&file.name)}),
            ),
        };
        messages.push(self.one(outgoing, 1, kind, &parameters).await?);
        Ok(messages)
    }

    /// The picture before films, uploaded once.
    async fn cover(&self) -> Result<String, Failure> {
        if let Some(bytes) = self.shelf.get("cover").await? {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let bytes: ByteStream = Box::pin(stream::iter([Ok(Bytes::from_static(COVER))]));
        let media = self.put("image", "cover.png", "image/png", COVER.len() as u64, bytes).await?;
        self.shelf.put("cover", media.as_bytes(), COVER_KEPT_MS).await?;
        Ok(media)
    }

    async fn put(
        &self,
        kind: &str,
        name: &str,
        mimetype: &str,
        size: u64,
        bytes: ByteStream,
    ) -> Result<String, Failure> {
        let boundary = format!("lianqiao{}", self.rng.string(40));
        let upload = client::upload(&boundary, kind, name, mimetype, size, bytes);
        let answer = self.client.upload(kind, upload).await?;
        text(&answer, "media_id").ok_or_else(|| Failure::later("the platform gave the file no name"))
    }
}

#[async_trait]
impl Files for Sending {
    fn forms(&self, conversation: &ConversationId, kind: FileKind) -> Forms {
        match ids::place(conversation) {
            Place::Webhook(_) => Forms::NONE,
            _ => forms(kind),
        }
    }

    async fn upload(
        &self,
        conversation: &ConversationId,
        file: &File,
        bytes: ByteStream,
    ) -> Result<MediaId, Failure> {
        let size = file.size.ok_or_else(|| Failure::refused(Refusal::Impossible))?;
        let forms = self.forms(conversation, file.kind);
        if !forms.fits(file) {
            return Err(Failure::refused(Refusal::Impossible));
        }
        if size > forms.bytes_max {
            return Err(Failure::refused(Refusal::TooLarge { bytes_max: forms.bytes_max }));
        }
        let mimetype = file.mimetype.as_deref().unwrap_or("application/octet-stream");
        let media = self.put(word(file.kind), &forms.name_of(file), mimetype, size, bytes).await?;
        MediaId::new(media).map_err(|error| Failure::later(error.to_string()))
    }

    async fn download(&self, _: &ConversationId, _: &MessageId, file: &File) -> Result<Download, Failure> {
        let body =
            json!({"downloadCode": file.media.as_str(), "robotCode": self.client.settings().robot_code});
        let answer = self.client.call(&Call::post("/v1.0/robot/messageFiles/download", body)).await?;
        let address =
            text(&answer, "downloadUrl").ok_or_else(|| Failure::later("the platform names no file"))?;
        fetched(&self.client, &address).await
    }
}

/// Opens a file at an address of the platform's, within the bound.
pub async fn fetched(client: &Client, address: &str) -> Result<Download, Failure> {
    let response = client.fetch(address).await?;
    let size = response.content_length();
    if size.is_some_and(|size| size > DOWNLOAD_BYTES_MAX) {
        return Err(Failure::refused(Refusal::TooLarge { bytes_max: DOWNLOAD_BYTES_MAX }));
    }
    let kind = header_text(response.headers(), header::CONTENT_TYPE);
    let mimetype = kind.filter(|kind| !kind.contains("octet-stream"));
    Ok(Download { name: None, mimetype, size, bytes: bytes_of(response, DOWNLOAD_BYTES_MAX) })
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

/// The forms of a kind, those of the platform's list of uploads.
const fn forms(kind: FileKind) -> Forms {
    const PICTURES: &[(&str, &str)] = &[
        ("image/jpeg", "jpg"),
        ("image/jpeg", "jpeg"),
        ("image/png", "png"),
        ("image/gif", "gif"),
        ("image/bmp", "bmp"),
    ];
    // A voice message shows Ogg and AMR alone.
    const VOICES: &[(&str, &str)] = &[("audio/ogg", "ogg"), ("audio/amr", "amr")];
    const FILMS: &[(&str, &str)] = &[("video/mp4", "mp4")];
    const DOCUMENTS: &[(&str, &str)] = &[
        ("application/msword", "doc"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        ("application/vnd.ms-excel", "xls"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        ("application/vnd.ms-powerpoint", "ppt"),
        ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
        ("application/zip", "zip"),
        ("application/pdf", "pdf"),
        ("application/vnd.rar", "rar"),
    ];
    match kind {
        FileKind::Image => Forms::of(PICTURES, IMAGE_BYTES_MAX),
        FileKind::Voice => Forms::of(VOICES, VOICE_BYTES_MAX),
        FileKind::Video => Forms::of(FILMS, VIDEO_BYTES_MAX),
        FileKind::File => Forms::of(DOCUMENTS, FILE_BYTES_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_that_the_platform_takes_are_sent() {
        let file = |kind, name: &str, mimetype: Option<&str>| File {
            mimetype: mimetype.map(str::to_owned),
            size: Some(1),
            ..File::new(kind, name, MediaId::new("m").expect("an id"))
        };
        let table = [
            (FileKind::Image, "a", Some("image/png"), Some("png")),
            (FileKind::Image, "a.webp", Some("image/webp"), None),
            (FileKind::Image, "a.png", Some("image/webp"), None),
            (FileKind::Voice, "a", Some("audio/ogg; codecs=opus"), Some("ogg")),
            (FileKind::Voice, "a.mp3", Some("audio/mpeg"), None),
            (FileKind::Video, "a.MP4", None, Some("mp4")),
            (FileKind::File, "a.PDF", Some("application/pdf"), Some("pdf")),
            (FileKind::File, "a.exe", None, None),
            (FileKind::File, "noname", None, None),
        ];
        for (kind, name, mimetype, expected) in table {
            assert_eq!(forms(kind).ending_of(&file(kind, name, mimetype)), expected, "{name}");
        }
    }
}
