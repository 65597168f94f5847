//! Tokens that name a place in a room's timeline.
//!
//! Owns the text form of pagination tokens and the one rule by which a `/sync` token is read as a
//! place in a room. Never looks anything up: a token is a boundary between two positions, whether
//! events stand there or not. The rest of a sync token belongs to the `sync` crate.

use model::TimelinePos;
use thiserror::Error;

/// Tag and version of a token made here.
const TIMELINE_TAG: &str = "t1_";
/// Tag and version of a `/sync` token; its first field is the stream position in decimal.
const SYNC_TAG: &str = "s1_";
/// Tag and version of a position of sliding sync; its first field is the same.
const SLIDING_TAG: &str = "p1_";
/// No token of ours is longer; anything beyond is refused unread.
pub const TOKEN_BYTES_MAX: usize = 256;

/// The text is no token of this server, or one of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the token was not made by this server for this purpose")]
pub struct TokenError;

/// The token for the boundary just after `position`.
///
/// Paginating backwards from it starts with the event at `position`, forwards with the one after.
#[must_use]
pub fn encode(position: TimelinePos) -> String {
    format!("{TIMELINE_TAG}{}", position.get())
}

/// The boundary just before an event: the same as just after the position in front of it.
#[must_use]
pub fn before(position: TimelinePos) -> TimelinePos {
    position.previous()
}

/// Reads a pagination token, or the timeline part of a token of either kind of `/sync`.
///
/// # Errors
/// Anything that this server did not make for one of these purposes.
pub fn decode(token: &str) -> Result<TimelinePos, TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError);
    }
    if let Some(number) = token.strip_prefix(TIMELINE_TAG) {
        return canonical_number(number).map(TimelinePos::new);
    }
    let fields =
        token.strip_prefix(SYNC_TAG).or_else(|| token.strip_prefix(SLIDING_TAG)).ok_or(TokenError)?;
    let number = fields.split('_').next().unwrap_or_default();
    let position = canonical_number(number)?;
    if position < 0 {
        return Err(TokenError);
    }
    Ok(TimelinePos::new(position))
}

/// One text for one number: no plus sign, no leading zero, so that equal places are equal tokens.
fn canonical_number(text: &str) -> Result<i64, TokenError> {
    let number: i64 = text.parse().map_err(|_| TokenError)?;
    let ours = number <= TimelinePos::MAX.get() && number.to_string() == text;
    if ours { Ok(number) } else { Err(TokenError) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_texts_are_refused() {
        for text in [
            "",
            "t1_",
            "t1_x",
            "t1_+1",
            "t1_01",
            "t2_1",
            "s1_",
            "s1_-3_0",
            "s9_1",
            "1",
            "t1_1 ",
            "t1_9223372036854775808",
        ] {
            assert_eq!(decode(text), Err(TokenError), "{text:?}");
        }
        assert_eq!(decode(&format!("t1_{}", "1".repeat(300))), Err(TokenError));
    }

    #[test]
    fn a_sync_token_names_its_stream_position() {
        assert_eq!(decode("s1_17_99_abc"), Ok(TimelinePos::new(17)));
        assert_eq!(decode("s1_17"), Ok(TimelinePos::new(17)));
        assert_eq!(decode("p1_17_2_9"), Ok(TimelinePos::new(17)));
    }

    #[test]
    fn before_stops_at_the_lowest_position() {
        assert_eq!(before(TimelinePos::new(i64::MIN)), TimelinePos::new(i64::MIN));
    }

    proptest! {
        #[test]
        fn every_position_survives_the_round_trip(number in i64::MIN..=TimelinePos::MAX.get()) {
            let position = TimelinePos::new(number);
            prop_assert_eq!(decode(&encode(position)), Ok(position));
        }

        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = decode(&text);
        }
    }
}
