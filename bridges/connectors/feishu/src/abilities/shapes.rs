//! As what a file goes to the platform. Pure.

use bridge_api::{File, FileKind};

use crate::limits::IMAGE_BYTES_MAX;

/// Kinds of pictures that the platform shows.
const PICTURES: [&str; 9] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/bmp",
    "image/x-icon",
    "image/vnd.microsoft.icon",
    "image/tiff",
    "image/heic",
];

/// As what a file goes to the platform: its upload and its message have to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A picture that is looked at in the chat.
    Picture,
    /// Spoken words.
    Opus,
    /// A film.
    Film,
    /// Anything else, by the platform's word for its kind.
    Document(&'static str),
}

impl Shape {
    /// The best one for a file of so many bytes.
    pub fn of(file: &File, size: u64) -> Self {
        let kind = file
            .mimetype
            .as_deref()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match file.kind {
            FileKind::Image if PICTURES.contains(&kind.as_str()) && size <= IMAGE_BYTES_MAX => Self::Picture,
            FileKind::Voice if matches!(kind.as_str(), "audio/ogg" | "audio/opus") => Self::Opus,
            FileKind::Video if kind == "video/mp4" => Self::Film,
            FileKind::Image | FileKind::Voice | FileKind::Video | FileKind::File => {
                Self::Document(document(&file.name))
            }
        }
    }

    /// What its message is sent as, before its key.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Picture => "image",
            Self::Opus => "audio",
            Self::Film => "media",
            Self::Document(_) => "file",
        }
    }

    /// What its upload is called.
    pub const fn file_type(self) -> &'static str {
        match self {
            Self::Picture => "image",
            Self::Opus => "opus",
            Self::Film => "mp4",
            Self::Document(kind) => kind,
        }
    }
}

/// The platform's word for a kind of document.
fn document(name: &str) -> &'static str {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "pdf" => "pdf",
        "doc" | "docx" => "doc",
        "xls" | "xlsx" => "xls",
        "ppt" | "pptx" => "ppt",
        _ => "stream",
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::MediaId;

    use super::*;

    fn file(kind: FileKind, name: &str, mimetype: Option<&str>) -> File {
        let media = MediaId::new("m").expect("an id");
        let mimetype = mimetype.map(str::to_owned);
        File { mimetype, ..File::new(kind, name, media) }
    }

    #[test]
    fn upload_and_message_agree() {
        let table = [
            (file(FileKind::Image, "a.png", Some("image/png")), 1000, Shape::Picture),
            (
                file(FileKind::Image, "a.png", Some("image/png")),
                IMAGE_BYTES_MAX + 1,
                Shape::Document("stream"),
            ),
            (file(FileKind::Image, "a.svg", Some("image/svg+xml")), 1000, Shape::Document("stream")),
            (file(FileKind::Voice, "a.ogg", Some("audio/ogg; codecs=opus")), 1000, Shape::Opus),
            (file(FileKind::Voice, "a.mp3", Some("audio/mpeg")), 1000, Shape::Document("stream")),
            (file(FileKind::Video, "a.mp4", Some("video/mp4")), 1000, Shape::Film),
            (file(FileKind::Video, "a.webm", Some("video/webm")), 1000, Shape::Document("stream")),
            (file(FileKind::File, "a.PDF", None), 1000, Shape::Document("pdf")),
            (file(FileKind::File, "a.docx", None), 1000, Shape::Document("doc")),
            (file(FileKind::File, "noname", None), 1000, Shape::Document("stream")),
        ];
        for (file, size, expected) in table {
            assert_eq!(Shape::of(&file, size), expected, "{file:?}");
        }
    }
}
