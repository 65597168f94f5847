//! The bounds of pictures.

/// Bytes that tell the kind of a picture.
pub const HEAD_BYTES: usize = 64;

/// Largest side of a picture that is decoded, in pixels.
pub const SIDE_MAX: u32 = 32_768;

/// Bytes of memory that a decoder may ask for, for each pixel of the budget: eight bits in four colours,
/// and once more for working.
pub const DECODER_BYTES_PER_PIXEL: u64 = 8;
