//! What a caller of this crate can act on.

use pictures::PictureError;
use store::StoreError;
use thiserror::Error;

/// Why a request about media was refused.
#[derive(Debug, Error)]
pub enum MediaError {
    /// No such medium, or one that nobody may see.
    #[error("there is no such media")]
    NotFound,
    /// The id exists, its content was not uploaded in the time the request waits.
    #[error("the content has not been uploaded yet")]
    NotYetUploaded,
    /// The id has its content already.
    #[error("the media was uploaded already")]
    CannotOverwrite,
    /// The policy, or the owner of the id, forbids the upload.
    #[error("{0}")]
    Forbidden(&'static str),
    /// More bytes than an upload may have.
    #[error("an upload may have {bytes_max} bytes at most")]
    TooLarge {
        /// The bound.
        bytes_max: u64,
    },
    /// Another server has it, and it could not be had from there.
    #[error("the media could not be fetched from the server that has it")]
    RemoteFailed,
    /// Too many uploads, empty ids, thumbnails or previews at once.
    #[error("too many at once, try again soon")]
    Busy,
    /// Not an image of a kind that thumbnails are made of, or a broken one.
    #[error("no thumbnail can be made of this content")]
    NoThumbnail,
    /// An image beyond the budget.
    #[error("the image is too large to make a thumbnail of")]
    ImageTooLarge,
    /// Previews are switched off.
    #[error("this server makes no URL previews")]
    PreviewsDisabled,
    /// Not a URL that is previewed.
    #[error("this URL is not previewed")]
    PreviewRefused,
    /// The page could not be fetched, whatever the reason.
    #[error("the page could not be fetched")]
    PreviewFailed,
    /// The range lies outside the content.
    #[error("the content has {bytes} bytes only")]
    RangeNotSatisfiable {
        /// Length of the content.
        bytes: u64,
    },
    /// The settings of the storage cannot be used.
    #[error("media storage: {0}")]
    Setup(String),
    /// The storage of content did not do what was asked.
    #[error("media storage: {0}")]
    Storage(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for MediaError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::Store(StoreError::Full);
        }
        Self::Storage(error.to_string())
    }
}

impl From<PictureError> for MediaError {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::NoPicture => Self::NoThumbnail,
            PictureError::TooLarge => Self::ImageTooLarge,
        }
    }
}

impl From<object_store::Error> for MediaError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            other => Self::Storage(other.to_string()),
        }
    }
}
