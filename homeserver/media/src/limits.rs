//! Every bound of media, by name. What an operator may change is in [`crate::MediaSettings`].

use std::time::Duration;

/// Bytes of a media id that we make: letters and digits, a little under six bits each.
pub const MEDIA_ID_LENGTH: usize = 24;

/// Longest media id of anybody that is looked up, in bytes.
pub const MEDIA_ID_BYTES_MAX: usize = 255;

/// Longest file name that is kept, in characters.
pub const FILE_NAME_LENGTH_MAX: usize = 255;

/// Longest content type that is kept, in bytes; a longer one counts as none.
pub const CONTENT_TYPE_BYTES_MAX: usize = 255;

/// Bytes read from or written to a file at once.
pub const CHUNK_BYTES: usize = 128 * 1024;

/// Bytes of one part of a multipart upload to an object store. Its smallest allowed size is 5 MiB.
pub const OBJECT_PART_BYTES: usize = 5 * 1024 * 1024;

/// First bytes of a content that are kept while it arrives, to tell what it is.
pub const HEAD_BYTES: usize = pictures::limits::HEAD_BYTES;

/// Uploads that arrive at once; the next one is refused.
pub const UPLOADS_RUNNING_MAX: usize = 256;

/// Uploads of one user that arrive at once; the next one is refused.
pub const UPLOADS_RUNNING_PER_USER_MAX: usize = 8;

/// Media of other servers that are fetched or waited for at once; the next one is refused.
pub const FETCHES_RUNNING_MAX: usize = 128;

/// Created but still empty ids of one user; the next one is refused.
pub const RESERVED_PER_USER_MAX: usize = 50;

/// Longest time that a request waits for content that is still to be uploaded.
pub const WAIT_TIME_MAX: Duration = Duration::from_secs(60);

/// Requests that wait for content still to be uploaded; the next one is answered at once.
pub const WAITING_MAX: usize = 10_000;

/// How often a commit is tried again when another one was faster.
pub const COMMIT_ATTEMPTS_MAX: usize = 64;

/// How old an announced but never finished write of content must be before it is cleaned away, in
/// milliseconds. Far longer than the slowest upload takes from its last byte to its commit.
pub const INTENT_AGE_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// Rows looked at in one step of housekeeping.
pub const SWEEP_ROWS_MAX: usize = 500;

/// Accesses closer together than this, in milliseconds, are noted once.
pub const ACCESS_NOTED_EVERY_MS: u64 = 24 * 60 * 60 * 1000;

/// Rows of one page for administrators.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// Thumbnails that are made or waited for; the next one is refused.
pub const THUMBNAILS_PENDING_MAX: usize = 128;

/// Frames of an animated thumbnail; a longer animation gets a still one.
pub const FRAMES_MAX: usize = 200;

/// Pixels of all frames of an animation together; beyond it, a still thumbnail is made.
pub const ANIMATION_PIXELS_MAX: u64 = 100_000_000;

/// Quality of JPEG thumbnails, 1 to 100.
pub const JPEG_QUALITY: u8 = 82;

/// Contents remembered as impossible to make thumbnails of.
pub const REFUSALS_REMEMBERED_MAX: u64 = 10_000;

/// How long they are remembered.
pub const REFUSALS_REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// Longest URL that is previewed, in bytes.
pub const PREVIEW_URL_BYTES_MAX: usize = 4 * 1024;

/// Redirects followed for a preview.
pub const PREVIEW_REDIRECTS_MAX: usize = 5;

/// Time for fetching a page, and again for its image.
pub const PREVIEW_TIME_MAX: Duration = Duration::from_secs(15);

/// Bytes of a page that are read; what a preview needs stands at the beginning.
pub const PREVIEW_PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of an oEmbed answer.
pub const PREVIEW_OEMBED_BYTES_MAX: usize = 64 * 1024;

/// Bytes of an image that a page names.
pub const PREVIEW_IMAGE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Previews fetched at once; the next one is refused.
pub const PREVIEWS_RUNNING_MAX: usize = 64;

/// OpenGraph properties that a preview keeps.
pub const PREVIEW_PROPERTIES_MAX: usize = 40;

/// Longest value of an OpenGraph property, in characters.
pub const PREVIEW_VALUE_LENGTH_MAX: usize = 1024;

/// Longest description that is made from a page's own text, in characters.
pub const PREVIEW_TEXT_LENGTH_MAX: usize = 300;

/// Largest preview as JSON, in bytes.
pub const PREVIEW_JSON_BYTES_MAX: usize = 64 * 1024;

/// URLs remembered as impossible to preview.
pub const PREVIEW_FAILURES_REMEMBERED_MAX: u64 = 10_000;

/// How long they are remembered.
pub const PREVIEW_FAILURES_REMEMBERED_FOR: Duration = Duration::from_secs(60);
