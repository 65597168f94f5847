//! `pos`: the token of sliding sync.
//!
//! `p1_<position>_<instance>_<serial>`: the position of the stream that the answer describes (so that `rooms` can take
//! the token for a place in a timeline), which opening of the connection it belongs to, and which answer of it. It is no
//! capability: it is only looked up among the connections of the device that shows it.

use model::StreamPos;

use super::limits::POSITION_BYTES_MAX;

const PREFIX: &str = "p1_";

/// A point of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Position {
    /// Everything up to here was looked at.
    pub position: StreamPos,
    /// Which opening of the connection.
    pub instance: u64,
    /// Which of its answers, from 1.
    pub serial: u64,
}

impl Position {
    /// The text that a client gets.
    pub fn encode(self) -> String {
        format!("{PREFIX}{}_{}_{}", self.position.get(), self.instance, self.serial)
    }

    /// Reads a token back; none for anything that this server did not write.
    pub fn parse(text: &str) -> Option<Self> {
        let fields = text.strip_prefix(PREFIX).filter(|_| text.len() <= POSITION_BYTES_MAX)?;
        let mut numbers = fields.split('_').map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        let found = Self { position: StreamPos::new(next()?), instance: next()?, serial: next()? };
        (found.encode() == text).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use model::TimelinePos;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_our_own_texts_are_read() {
        for text in
            ["", "p1_", "p1_1_2", "p1_1_2_3_4", "p1_01_2_3", "p1_+1_2_3", "s1_1_2_3", "p1_1_2_x", "p1_-1_2_3"]
        {
            assert_eq!(Position::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn rooms_reads_the_position_out_of_it() {
        let position = Position { position: StreamPos::new(41), instance: 1_700_000_000_000_000, serial: 9 };
        assert_eq!(rooms::token::decode(&position.encode()), Ok(TimelinePos::new(41)));
    }

    proptest! {
        #[test]
        fn a_position_comes_back_as_it_went(position: u64, instance: u64, serial: u64) {
            let position = Position { position: StreamPos::new(position), instance, serial };
            prop_assert_eq!(Position::parse(&position.encode()), Some(position));
        }

        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = Position::parse(&text);
        }
    }
}
