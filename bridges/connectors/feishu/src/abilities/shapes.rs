//! As what a file goes to the platform. Pure.

use bridge_api::{
    File, FileKind, Forms,
    forms::{bare, ending},
};

use crate::limits::{FILE_BYTES_MAX, IMAGE_BYTES_MAX, IMAGE_SIDE_MAX};

/// The forms of a kind that the platform shows as what they are.
pub const fn forms(kind: FileKind) -> Forms {
    const PICTURES: &[(&str, &str)] = &[
        ("image/jpeg", "jpg"),
        ("image/png", "png"),
        ("image/webp", "webp"),
        ("image/gif", "gif"),
        ("image/bmp", "bmp"),
        ("image/x-icon", "ico"),
        ("image/vnd.microsoft.icon", "ico"),
        ("image/tiff", "tiff"),
        ("image/heic", "heic"),
    ];
    match kind {
        FileKind::Image => Forms { side_max: Some(IMAGE_SIDE_MAX), ..Forms::of(PICTURES, IMAGE_BYTES_MAX) },
        FileKind::Voice => Forms::of(&[("audio/ogg", "ogg"), ("audio/opus", "opus")], FILE_BYTES_MAX),
        FileKind::Video => Forms::of(&[("video/mp4", "mp4")], FILE_BYTES_MAX),
        FileKind::File => Forms::any(FILE_BYTES_MAX),
    }
}

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
        let kind = bare(file.mimetype.as_deref().unwrap_or_default());
        let is_shown = forms(file.kind).knows(&kind) && size <= forms(file.kind).bytes_max;
        match file.kind {
            FileKind::Image if is_shown => Self::Picture,
            FileKind::Voice if is_shown => Self::Opus,
            FileKind::Video if is_shown => Self::Film,
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
    match ending(name).as_str() {
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
