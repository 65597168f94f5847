//! Pictures in files that anybody may have made: what kind they are by their first bytes, how large by their head, and only then
//! their pixels, within a budget; and writing them anew.
//!
//! Decoders of all other kinds stay closed, whatever a file claims to be. Nothing here awaits or keeps anything: callers decode in
//! threads of their own, a few at once, because one picture may cost all of its [`Budget`].

mod budget;
mod kind;
pub mod limits;
mod pages;
mod reading;
mod writing;

use image::{ImageError, error::LimitErrorKind};
use thiserror::Error;

pub use self::{
    budget::Budget,
    kind::Kind,
    reading::{decode, dimensions, may_move, moves, shown_dimensions},
    writing::{is_translucent, jpeg, png},
};

/// Why nothing comes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PictureError {
    /// No picture of a kind that is read, or a broken one.
    #[error("this is no picture of a known kind, or a broken one")]
    NoPicture,
    /// A picture beyond the budget.
    #[error("the picture is too large")]
    TooLarge,
}

impl From<ImageError> for PictureError {
    /// What a decoder's complaint means to the asker.
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(limit) if !matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) => {
                Self::TooLarge
            }
            _ => Self::NoPicture,
        }
    }
}
