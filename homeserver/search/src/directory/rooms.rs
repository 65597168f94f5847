//! Listing and searching the room directory.

use std::collections::{BTreeSet, HashSet};

use model::RoomNum;
use rooms::PublicRoom;
use store::Scan;

use super::{rows::COUNT_KEY, users::after};
use crate::{
    Search, SearchError,
    limits::{NAME_ROWS_MAX, PUBLIC_ROOMS_EXAMINED_MAX, PUBLIC_ROOMS_PAGE_MAX},
    messages::check_term,
    tables::{LISTED_BY_SIZE, LISTED_COUNT, LISTED_ROOM, LISTED_WORD},
    text::name_query,
};

/// Which rooms of the directory are wanted.
#[derive(Clone, Debug, Default)]
pub struct DirectoryQuery {
    /// Begins of words that name, topic or alias must have, in any case.
    pub term: Option<String>,
    /// Wanted types; `None` inside stands for rooms without a type. All without a list.
    pub room_types: Option<Vec<Option<String>>>,
    /// At most so many.
    pub limit: Option<u64>,
    /// Continue from here.
    pub since: Option<String>,
}

/// A page of the directory, the largest rooms first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryPage {
    /// The rooms.
    pub rooms: Vec<PublicRoom>,
    /// Continues after this page.
    pub next: Option<String>,
    /// Continues before this page.
    pub previous: Option<String>,
    /// How many rooms match in all; of a filtered listing that was not read to its end, how many there are.
    pub total: u64,
}

/// A place in the order of the directory: complement of the size, room.
type Place = (u64, RoomNum);

/// Where a page begins or ends, and which way it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DirectoryToken {
    place: Place,
    backward: bool,
}

const TOKEN_TAG: &str = "p2";

impl DirectoryToken {
    fn encode(self) -> String {
        let Self { place: (size, room), backward } = self;
        format!("{TOKEN_TAG}_{}_{size:x}_{:x}", if backward { "b" } else { "f" }, room.get())
    }

    fn decode(token: &str) -> Result<Self, SearchError> {
        let foreign = || SearchError::InvalidParam("`since` is not a token of this directory");
        let fields: Vec<&str> = token.splitn(5, '_').collect();
        let [TOKEN_TAG, way, size, room] = fields.as_slice() else { return Err(foreign()) };
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(|_| foreign());
        let read = Self { place: (number(size)?, RoomNum::new(number(room)?)), backward: *way == "b" };
        if read.encode() == token { Ok(read) } else { Err(foreign()) }
    }
}

impl DirectoryQuery {
    fn limit(&self) -> usize {
        self.limit.map_or(PUBLIC_ROOMS_PAGE_MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, PUBLIC_ROOMS_PAGE_MAX)
        })
    }

    fn wants_type(&self, room_type: &str) -> bool {
        let given = (!room_type.is_empty()).then_some(room_type);
        self.room_types.as_ref().is_none_or(|types| types.iter().any(|wanted| wanted.as_deref() == given))
    }
}

/// The places of one page, in the order of the directory.
struct Places {
    places: Vec<Place>,
    /// There are rooms in front of the page, or may be.
    before: bool,
    /// There are rooms behind the page, or may be.
    behind: bool,
    /// How many match, if all were looked at.
    total: Option<u64>,
}

impl Search {
    /// A page of the room directory. What a page costs depends on the page, not on the directory.
    ///
    /// # Errors
    /// `InvalidParam` for a token that this server did not make and for a term beyond its bound.
    pub async fn public_rooms(&self, query: &DirectoryQuery) -> Result<DirectoryPage, SearchError> {
        let since = query.since.as_deref().map(DirectoryToken::decode).transpose()?;
        let term = query.term.as_deref().map(str::trim).filter(|term| !term.is_empty());
        check_term(term.unwrap_or_default())?;
        // Behind or not: a room that is listed a little late is worth no refusal, and none is told that must not be.
        let _ = self.caught_up(&self.directory_progress).await;
        let found = match term {
            Some(term) => self.places_by_term(term, query, since).await?,
            None => self.places_by_size(query, since).await?,
        };
        let token = |place: Option<&Place>, backward| {
            place.map(|place| DirectoryToken { place: *place, backward }.encode())
        };
        let mut page = DirectoryPage {
            next: token(found.places.last().filter(|_| found.behind), false),
            previous: token(found.places.first().filter(|_| found.before), true),
            total: match found.total {
                Some(total) => total,
                None => self.parts.store.get(&LISTED_COUNT, &COUNT_KEY).await?.unwrap_or(0),
            },
            rooms: Vec::with_capacity(found.places.len()),
        };
        for (_, room) in found.places {
            // Taken out, or gone, since the rows were written.
            if self.parts.rooms.is_listed(room).await? {
                page.rooms.push(self.parts.rooms.directory_entry(room).await?);
            }
        }
        Ok(page)
    }

    /// Reads the order of sizes from a place on, in either way.
    async fn places_by_size(
        &self,
        query: &DirectoryQuery,
        since: Option<DirectoryToken>,
    ) -> Result<Places, SearchError> {
        let (limit, backward) = (query.limit(), since.is_some_and(|token| token.backward));
        let mut places: Vec<Place> = Vec::new();
        let mut last = since.map(|token| token.place);
        let mut examined = 0;
        let mut more = false;
        while !more {
            let rows_wanted = limit + 1;
            let mut scan = Scan::all().limit(rows_wanted);
            scan = match (last, backward) {
                (Some(place), true) => scan.until(&place).reverse(),
                (Some(place), false) => scan.after(&place),
                (None, _) => scan,
            };
            let rows = self.parts.store.scan(&LISTED_BY_SIZE, scan).await?;
            let exhausted = rows.len() < rows_wanted;
            examined += rows.len();
            for (place, room_type) in rows {
                if places.len() == limit {
                    more = true;
                    break;
                }
                last = Some(place);
                if query.wants_type(&room_type) {
                    places.push(place);
                }
            }
            if exhausted {
                break;
            }
            more |= examined >= PUBLIC_ROOMS_EXAMINED_MAX;
        }
        if backward {
            places.reverse();
        }
        let is_whole = since.is_none() && !more;
        let total = is_whole.then_some(places.len() as u64);
        let (before, behind) = if backward { (more, true) } else { (since.is_some(), more) };
        Ok(Places { places, before, behind, total })
    }

    /// Looks for words, then brings what has them all into the order of sizes.
    async fn places_by_term(
        &self,
        term: &str,
        query: &DirectoryQuery,
        since: Option<DirectoryToken>,
    ) -> Result<Places, SearchError> {
        let mut found: Vec<Place> = Vec::new();
        for room in self.rooms_with_words(&name_query(term)).await? {
            if let Some(listed) = self.parts.store.get(&LISTED_ROOM, &room).await?
                && query.wants_type(&listed.room_type)
            {
                found.push((u64::MAX - listed.joined, room));
            }
        }
        found.sort_unstable();
        let total = found.len();
        let (start, end) = match since {
            Some(token) if token.backward => {
                let end = found.partition_point(|place| *place < token.place);
                (end.saturating_sub(query.limit()), end)
            }
            Some(token) => {
                let start = found.partition_point(|place| *place <= token.place);
                (start, (start + query.limit()).min(total))
            }
            None => (0, query.limit().min(total)),
        };
        let places = found.get(start..end).unwrap_or_default().to_vec();
        Ok(Places { places, before: start > 0, behind: end < total, total: Some(total as u64) })
    }

    async fn rooms_with_words(&self, words: &BTreeSet<String>) -> Result<Vec<RoomNum>, SearchError> {
        let mut with_all: Option<HashSet<RoomNum>> = None;
        for word in words {
            let first = RoomNum::new(0);
            let range = Scan::all().from(&(word.as_str(), first)).until(&(after(word).as_str(), first));
            let rows = self.parts.store.scan_keys(&LISTED_WORD, range.limit(NAME_ROWS_MAX)).await?;
            let rooms: HashSet<RoomNum> = rows.into_iter().map(|(_, room)| room).collect();
            with_all = Some(match with_all {
                Some(before) => before.intersection(&rooms).copied().collect(),
                None => rooms,
            });
        }
        Ok(with_all.unwrap_or_default().into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_others_are_refused() {
        for backward in [false, true] {
            let token = DirectoryToken { place: (u64::MAX - 3, RoomNum::new(9)), backward };
            assert_eq!(DirectoryToken::decode(&token.encode()).unwrap(), token);
        }
        for foreign in
            ["", "20", "p1_20", "p2_", "p2_f_1", "p2_x_1_1", "p2_f_1_1_1", "p2_f_+1_1", "p2_f_01_1"]
        {
            assert!(DirectoryToken::decode(foreign).is_err(), "{foreign}");
        }
    }
}
