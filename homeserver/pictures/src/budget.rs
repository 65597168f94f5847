//! How much a picture may cost.

use image::Limits;

use crate::{
    Kind, PictureError,
    limits::{DECODER_BYTES_PER_PIXEL, SIDE_MAX},
};

/// How much a picture may cost.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Pixels of one picture, or of one frame of it.
    pub pixels_max: u64,
}

impl Budget {
    /// What a decoder is told.
    #[must_use]
    pub fn limits(self) -> Limits {
        let mut limits = Limits::default();
        limits.max_image_width = Some(SIDE_MAX);
        limits.max_image_height = Some(SIDE_MAX);
        limits.max_alloc = Some(self.pixels_max.saturating_mul(DECODER_BYTES_PER_PIXEL));
        limits
    }

    /// What the decoder of a kind is told. That of TIFF keeps all pixels a second time.
    pub(crate) fn limits_of(self, kind: Kind) -> Limits {
        let mut limits = self.limits();
        if kind == Kind::Tiff {
            limits.max_alloc = limits.max_alloc.map(|bytes| bytes / 2);
        }
        limits
    }

    /// Refuses dimensions that nobody should decode.
    ///
    /// # Errors
    /// [`PictureError::TooLarge`].
    pub fn check(self, (width, height): (u32, u32)) -> Result<(), PictureError> {
        let sides = width <= SIDE_MAX && height <= SIDE_MAX;
        let pixels = u64::from(width) * u64::from(height) <= self.pixels_max;
        if sides && pixels { Ok(()) } else { Err(PictureError::TooLarge) }
    }
}
