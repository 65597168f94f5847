//! The tables of this crate. Nobody else touches them.

use ruma::{OwnedServerName, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// What is known of an `mxc://` URI: (server, media id).
pub const MEDIA: Table<(OwnedServerName, String), MediaRecord> =
    Table::new(700, "media", Profile::Point, "what does this mxc URI stand for?");

/// Stored contents by their SHA-256 digest, and how many rows of other tables refer to them.
pub const CONTENT: Table<[u8; 32], ContentRecord> =
    Table::new(701, "media_content", Profile::Point, "is this content stored, and does anybody need it?");

/// Contents that nobody refers to, by the time the last reference went, in ms.
pub const CONTENT_UNREFERENCED: Table<(u64, [u8; 32]), ()> =
    Table::new(702, "media_content_unreferenced", Profile::Queue, "which contents may be deleted?");

/// Contents about to be written, by time in ms: what a crash left behind is found here.
pub const CONTENT_INTENT: Table<(u64, [u8; 32]), ()> = Table::new(
    703,
    "media_content_intent",
    Profile::Queue,
    "which contents may lie in the storage unknown to anybody?",
);

/// Contents that nobody may see, whatever id they have and whenever they were uploaded.
pub const QUARANTINED: Table<[u8; 32], QuarantineRecord> =
    Table::new(704, "media_quarantined", Profile::Point, "is this content quarantined?");

/// Uploads of a user in order: (user, time in ms, server, media id).
pub const MEDIA_BY_USER: Table<(OwnedUserId, u64, OwnedServerName, String), ()> =
    Table::new(705, "media_by_user", Profile::Scan, "what did this user upload?");

/// Ids of a user that have no content yet, with the time in ms that they end: (user, media id).
pub const MEDIA_RESERVED: Table<(OwnedUserId, String), u64> =
    Table::new(706, "media_reserved", Profile::Queue, "how many empty ids does this user hold?");

/// Media that end by themselves, by that time in ms.
pub const MEDIA_EXPIRY: Table<(u64, OwnedServerName, String), ()> =
    Table::new(707, "media_expiry", Profile::Queue, "which media have had their time?");

/// When a medium was last asked for, in ms, to within a day. Kept only where retention needs it.
pub const MEDIA_ACCESSED: Table<(OwnedServerName, String), u64> =
    Table::new(708, "media_accessed", Profile::Counter, "when did somebody last want this media?");

/// What the uploads of a user take.
pub const MEDIA_USAGE: Table<OwnedUserId, Usage> =
    Table::new(709, "media_usage", Profile::Counter, "how much did this user upload?");

/// Thumbnails by source: (digest, width, height, shape).
pub const THUMBNAIL: Table<([u8; 32], u32, u32, u8), ThumbnailRecord> =
    Table::new(710, "media_thumbnail", Profile::Point, "is there a thumbnail of this size?");

/// URL previews by the digest of the URL.
pub const PREVIEW: Table<[u8; 32], PreviewRecord> =
    Table::new(711, "url_preview", Profile::Point, "what is the preview of this URL?");

/// URL previews by the time in ms that they end.
pub const PREVIEW_EXPIRY: Table<(u64, [u8; 32]), ()> =
    Table::new(712, "url_preview_expiry", Profile::Queue, "which previews are too old?");

/// What all copies of other servers' media take together. One row; without it they were never counted.
pub const COPIES_USAGE: Table<(), Usage> = Table::new(
    713,
    "media_copies_usage",
    Profile::Counter,
    "how much do copies of other servers' media take?",
);

/// The whole list of this crate, for the store's catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        MEDIA.info(),
        CONTENT.info(),
        CONTENT_UNREFERENCED.info(),
        CONTENT_INTENT.info(),
        QUARANTINED.info(),
        MEDIA_BY_USER.info(),
        MEDIA_RESERVED.info(),
        MEDIA_EXPIRY.info(),
        MEDIA_ACCESSED.info(),
        MEDIA_USAGE.info(),
        THUMBNAIL.info(),
        PREVIEW.info(),
        PREVIEW_EXPIRY.info(),
        COPIES_USAGE.info(),
    ]
}

/// Where a medium came from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum MediaKind {
    /// A user uploaded it, or is going to.
    Upload,
    /// The image of a URL preview.
    Preview,
    /// A copy of what another server has.
    Remote,
}

/// One medium.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MediaRecord {
    /// Where it came from.
    pub kind: MediaKind,
    /// Who uploaded it, or caused the preview; unknown for a copy.
    pub uploader: Option<OwnedUserId>,
    /// When the id was made, in ms.
    pub created_ms: u64,
    /// When it ends by itself, in ms: an id without content, or the image of a preview.
    pub expires_ms: Option<u64>,
    /// Its content; none until that is uploaded.
    pub content: Option<Attached>,
}
record!(MediaRecord);

/// The content of a medium.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Attached {
    /// SHA-256 of the content.
    pub digest: [u8; 32],
    /// Its length.
    pub bytes: u64,
    /// The type that the uploader gave.
    pub content_type: Option<String>,
    /// The name that the uploader gave.
    pub file_name: Option<String>,
}

/// One stored content.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ContentRecord {
    /// Its length.
    pub bytes: u64,
    /// Media and thumbnails that refer to it.
    pub references: u64,
    /// When the last reference went, in ms.
    pub unreferenced_ms: Option<u64>,
    /// Whether it is being deleted; nobody may refer to it any more.
    pub erasing: bool,
    /// Whether an administrator vouches for it, so that sweeping quarantines pass it by.
    pub protected: bool,
}
record!(ContentRecord);

/// Why a content is not served.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct QuarantineRecord {
    /// Who said so.
    pub by: OwnedUserId,
    /// When, in ms.
    pub at_ms: u64,
}
record!(QuarantineRecord);

/// What some media take together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Usage {
    /// Media with content.
    pub count: u64,
    /// Bytes, counted for each medium, whether contents are shared or not.
    pub bytes: u64,
}
record!(Usage);

/// A thumbnail that was made, or the word that the original serves as its own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ThumbnailRecord {
    /// The image is no larger than what was asked for.
    Original {
        /// Its type by its first bytes.
        content_type: String,
    },
    /// A smaller image.
    Made {
        /// SHA-256 of the thumbnail.
        digest: [u8; 32],
        /// Its length.
        bytes: u64,
        /// Its type.
        content_type: String,
    },
}
record!(ThumbnailRecord);

/// A URL preview.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PreviewRecord {
    /// When it ends, in ms.
    pub expires_ms: u64,
    /// The answer: a JSON object.
    pub json: String,
}
record!(PreviewRecord);
