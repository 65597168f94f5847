//! Tokens that continue a search.

use crate::{SearchError, index::Spot};

const TAG: &str = "q1";

/// Which part of the results a token continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// All.
    All,
    /// Those of one room, by number.
    Room(u64),
    /// Those of one sender, by hash.
    Sender(u64),
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SearchToken {
    /// What the search was for.
    pub digest: u64,
    /// The last place that was told.
    pub spot: Spot,
    /// The count that the first page told.
    pub count: u64,
    /// The part.
    pub within: Within,
}

impl SearchToken {
    pub(super) fn encode(self) -> String {
        let Self { digest, spot: Spot { key, event }, count, within } = self;
        let (part, value) = match within {
            Within::All => ("a", 0),
            Within::Room(room) => ("r", room),
            Within::Sender(sender) => ("s", sender),
        };
        format!("{TAG}_{digest:x}_{key:x}_{event:x}_{count:x}_{part}_{value:x}")
    }

    /// Reads a token of this search.
    ///
    /// # Errors
    /// `InvalidParam` for any other text, and for the token of another search.
    pub(super) fn decode(token: &str, digest: u64) -> Result<Self, SearchError> {
        let foreign = || SearchError::InvalidParam("next_batch is not a token of this search");
        let fields: Vec<&str> = token.splitn(8, '_').collect();
        let [TAG, hash, key, event, count, part, value] = fields.as_slice() else { return Err(foreign()) };
        let number = |text: &&str| u64::from_str_radix(text, 16).map_err(|_| foreign());
        let value = number(value)?;
        let within = match *part {
            "a" => Within::All,
            "r" => Within::Room(value),
            "s" => Within::Sender(value),
            _ => return Err(foreign()),
        };
        let spot = Spot { key: number(key)?, event: number(event)? };
        let read = Self { digest: number(hash)?, spot, count: number(count)?, within };
        if read.digest == digest && read.encode() == token { Ok(read) } else { Err(foreign()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_by_its_own_search_only() {
        let spot = Spot { key: 1_700_000_000_000, event: 77 };
        for within in [Within::All, Within::Room(5), Within::Sender(u64::MAX)] {
            let token = SearchToken { digest: 0xfeed, spot, count: 20, within };
            assert_eq!(SearchToken::decode(&token.encode(), 0xfeed).unwrap(), token);
            assert!(SearchToken::decode(&token.encode(), 0xbeef).is_err());
        }
        for foreign in
            ["", "q1", "q1_1_2_3", "t1_5", "q1_feed_1_1_1_x_0", "q1_feed_1_1_1_a_0_0", "q1_feed_+1_1_1_a_0"]
        {
            assert!(SearchToken::decode(foreign, 0xfeed).is_err(), "{foreign}");
        }
    }
}
