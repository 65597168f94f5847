//! The token of `/sync`: `next_batch` and `since`.
//!
//! A token is opaque to clients and holds a small vector, writer to position, so that a later server of several
//! processes can hand out the same kind. Nobody parses one outside this module, save that `rooms` reads the first
//! field where a token names a place in a timeline. A token is no capability: it says from where, never what.
//!
//! `s1_<position>_<rest>`: the local writer's position in decimal, then base64url of varints (other writers with
//! their positions, how far the to-device position lags behind, the serial of the streams in memory) and a
//! checksum over everything before it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::StreamPos;
use smallvec::SmallVec;
use thiserror::Error;

use crate::limits::{TOKEN_BYTES_MAX, TOKEN_WRITERS_MAX};

/// Largest number a token may hold. Positions above it stand for "not assigned yet".
const NUMBER_MAX: u64 = (1 << 62) - 1;
const PREFIX: &str = "s1_";
const CHECKSUM_BYTES: usize = 4;

/// Why a text is no token of ours.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TokenError {
    /// Another prefix than this server writes, or longer than any token it writes.
    #[error("the token was not made by this server")]
    Foreign,
    /// Our prefix, but what follows was changed or cut.
    #[error("the token is damaged")]
    Damaged,
}

/// A point in everything that a client can see. `Default` is the point before everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SyncToken {
    position: u64,
    /// Positions of writers other than this process, ascending by writer, none of them zero.
    others: SmallVec<[(u16, u64); 1]>,
    to_device: u64,
    ephemeral: u64,
}

impl SyncToken {
    /// The point at `position` of the store and at serial `ephemeral` of the streams in memory, where all to-device
    /// messages up to `to_device` were handed out.
    #[must_use]
    pub fn new(position: StreamPos, to_device: StreamPos, ephemeral: u64) -> Self {
        let position = position.get().min(NUMBER_MAX);
        let to_device = to_device.get().min(position);
        Self { position, others: SmallVec::new(), to_device, ephemeral: ephemeral.min(NUMBER_MAX) }
    }

    /// Position of the store.
    #[must_use]
    pub fn position(&self) -> StreamPos {
        StreamPos::new(self.position)
    }

    /// Position of the last to-device message that the holder was given; at most [`Self::position`].
    #[must_use]
    pub fn to_device(&self) -> StreamPos {
        StreamPos::new(self.to_device)
    }

    /// Serial of the streams in memory: typing and presence.
    #[must_use]
    pub fn ephemeral(&self) -> u64 {
        self.ephemeral
    }

    /// The text that a client gets.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(24);
        write_varint(&mut bytes, self.others.len() as u64);
        for (writer, position) in &self.others {
            write_varint(&mut bytes, u64::from(*writer));
            write_varint(&mut bytes, *position);
        }
        write_varint(&mut bytes, self.position - self.to_device);
        write_varint(&mut bytes, self.ephemeral);
        Self::seal(self.position, bytes)
    }

    /// The text around the fields behind the position, with their checksum. Who wants to see how [`Self::parse`] takes
    /// fields that nobody wrote can have it for any bytes.
    #[must_use]
    pub fn seal(position: u64, mut fields: Vec<u8>) -> String {
        let sum = checksum(position, &fields);
        fields.extend_from_slice(&sum);
        let mut text = format!("{PREFIX}{position}_");
        URL_SAFE_NO_PAD.encode_string(&fields, &mut text);
        text
    }

    /// Reads a token back. Every text gets an answer at a bounded cost.
    ///
    /// # Errors
    /// [`TokenError`] says whether the text is someone else's, or a broken one of ours.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let fields = text.strip_prefix(PREFIX).filter(|_| text.len() <= TOKEN_BYTES_MAX);
        Self::decode(fields.ok_or(TokenError::Foreign)?).ok_or(TokenError::Damaged)
    }

    fn decode(fields: &str) -> Option<Self> {
        let (position, rest) = fields.split_once('_')?;
        let position = decimal(position)?;
        let bytes = URL_SAFE_NO_PAD.decode(rest).ok()?;
        let (mut bytes, sum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_BYTES)?)?;
        if checksum(position, bytes) != sum {
            return None;
        }
        let count =
            usize::try_from(read_number(&mut bytes)?).ok().filter(|count| *count <= TOKEN_WRITERS_MAX)?;
        let mut others: SmallVec<[(u16, u64); 1]> = SmallVec::new();
        for _ in 0..count {
            let writer = u16::try_from(read_number(&mut bytes)?).ok()?;
            let at = read_number(&mut bytes)?;
            if at == 0 || others.last().is_some_and(|(last, _)| *last >= writer) {
                return None;
            }
            others.push((writer, at));
        }
        let to_device = position.checked_sub(read_number(&mut bytes)?)?;
        let ephemeral = read_number(&mut bytes)?;
        bytes.is_empty().then_some(Self { position, others, to_device, ephemeral })
    }
}

/// Catches a cut or mistyped token. It is no signature, because a token gives no rights.
fn checksum(position: u64, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = 0x811c_9dc5_u32;
    for byte in position.to_be_bytes().iter().chain(bytes) {
        sum = (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    sum.to_be_bytes()
}

/// One text for one number: digits only, no leading zero.
fn decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|number| canonical && *number <= NUMBER_MAX)
}

fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads one number in its shortest form, so that one token has one text.
fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(value).filter(|value| *value <= NUMBER_MAX);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use model::TimelinePos;
    use proptest::prelude::*;

    use super::*;

    fn token(position: u64, to_device: u64, ephemeral: u64) -> SyncToken {
        SyncToken::new(StreamPos::new(position), StreamPos::new(to_device), ephemeral)
    }

    #[test]
    fn foreign_and_damaged_texts_are_told_apart() {
        let good = token(7, 7, 1).encode();
        let cut = &good[..good.len() - 1];
        let moved = good.replacen("s1_7_", "s1_8_", 1);
        for (text, expected) in [
            ("", TokenError::Foreign),
            ("s72594_4483_1934", TokenError::Foreign),
            ("t1_7", TokenError::Foreign),
            ("s1_", TokenError::Damaged),
            ("s1_7", TokenError::Damaged),
            ("s1_7_", TokenError::Damaged),
            ("s1_-1_AAAA", TokenError::Damaged),
            ("s1_7_!!!!", TokenError::Damaged),
            (cut, TokenError::Damaged),
            (&moved, TokenError::Damaged),
            (&format!("s1_{}", "7".repeat(TOKEN_BYTES_MAX)), TokenError::Foreign),
        ] {
            assert_eq!(SyncToken::parse(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn a_token_stays_short_enough_for_a_url() {
        let text = token(u64::from(u32::MAX), u64::from(u32::MAX) - 3, 1_800_000_000_000_000).encode();
        assert!(text.len() <= 40, "{text}");
    }

    #[test]
    fn rooms_reads_the_position_out_of_it() {
        assert_eq!(rooms::token::decode(&token(41, 40, 9).encode()), Ok(TimelinePos::new(41)));
    }

    proptest! {
        #[test]
        fn a_token_comes_back_as_it_went(
            position in 0..=NUMBER_MAX, lag in 0..1_000_u64, ephemeral in 0..=NUMBER_MAX
        ) {
            let token = token(position, position.saturating_sub(lag), ephemeral);
            prop_assert_eq!(SyncToken::parse(&token.encode()), Ok(token));
        }

        #[test]
        fn a_token_has_one_text(text in "s1_[0-9]{0,20}_[A-Za-z0-9_-]{0,40}") {
            if let Ok(token) = SyncToken::parse(&text) {
                prop_assert_eq!(token.encode(), text);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = SyncToken::parse(&text);
        }
    }
}
