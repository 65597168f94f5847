//! Finding documents: every word must be there, the best by rank or time are kept.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashSet},
    sync::Arc,
};

use model::{EventNum, RoomNum};
use tantivy::{
    DocSet, Searcher, SegmentReader, TERMINATED, Term,
    columnar::ColumnValues,
    query::{BooleanQuery, EnableScoring, Occur, Query, Scorer, TermQuery, Weight},
    schema::IndexRecordOption,
};

use super::{
    documents::TextKind,
    schema::{EVENT, Fields, KIND, ROOM, SENDER, SOURCE, TIME},
};
use crate::{SearchError, limits::MATCHES_EXAMINED_MAX};

/// In which order matches are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The newest first.
    Recent,
    /// The closest first.
    Rank,
}

/// A place in an order: the time or rank, then the event number. Later in a listing is lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// Time in ms, or the bits of the rank, which sort as ranks do because no rank is negative.
    pub key: u64,
    /// The event.
    pub event: u64,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Words that a document must have, all of them; none finds nothing.
    pub words: BTreeSet<String>,
    /// Only these rooms.
    pub rooms: HashSet<u64>,
    /// Only these kinds of text.
    pub kinds: Vec<TextKind>,
    /// Only these senders, by hash.
    pub senders: Option<HashSet<u64>>,
    /// Only events with, or without, a URL.
    pub has_url: Option<bool>,
    /// The order.
    pub order: Order,
    /// Only what comes behind this place.
    pub behind: Option<Spot>,
    /// At most so many.
    pub limit: usize,
}

/// A document that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match {
    /// Its place in the wanted order.
    pub spot: Spot,
    /// How close it is.
    pub rank: f32,
    /// The event.
    pub event: EventNum,
    /// The event that the text is from.
    pub source: EventNum,
    /// The room.
    pub room: RoomNum,
}

impl Eq for Match {}

impl PartialOrd for Match {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Match {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.spot.cmp(&other.spot)
    }
}

/// The columns of one segment.
struct Columns {
    event: Arc<dyn ColumnValues<u64>>,
    room: Arc<dyn ColumnValues<u64>>,
    source: Arc<dyn ColumnValues<u64>>,
    sender: Arc<dyn ColumnValues<u64>>,
    time: Arc<dyn ColumnValues<u64>>,
    kind: Arc<dyn ColumnValues<u64>>,
}

impl Columns {
    fn of(segment: &SegmentReader) -> Result<Self, SearchError> {
        let column = |name: &str| segment.fast_fields().column_first_or_default::<u64>(name);
        Ok(Self {
            event: column(EVENT)?,
            room: column(ROOM)?,
            source: column(SOURCE)?,
            sender: column(SENDER)?,
            time: column(TIME)?,
            kind: column(KIND)?,
        })
    }

    fn fits(&self, document: u32, wanted: &Wanted) -> bool {
        // The cheapest and sharpest question first.
        if !wanted.rooms.contains(&self.room.get_val(document)) {
            return false;
        }
        let (kind, has_url) = TextKind::of_stored(self.kind.get_val(document));
        kind.is_some_and(|kind| wanted.kinds.contains(&kind))
            && wanted.has_url.is_none_or(|wanted| wanted == has_url)
            && wanted.senders.as_ref().is_none_or(|senders| senders.contains(&self.sender.get_val(document)))
    }
}

pub(super) fn matches(
    searcher: &Searcher,
    fields: Fields,
    wanted: &Wanted,
) -> Result<Vec<Match>, SearchError> {
    if wanted.words.is_empty() || wanted.rooms.is_empty() || wanted.limit == 0 {
        return Ok(Vec::new());
    }
    let weight = query(fields, &wanted.words).weight(EnableScoring::enabled_from_searcher(searcher))?;
    let mut segments = Vec::new();
    for segment in searcher.segment_readers() {
        segments.push((Columns::of(segment)?, segment));
    }
    segments.sort_by_key(|(columns, _)| Reverse(columns.time.max_value()));
    let mut best = BinaryHeap::new();
    let mut budget = MATCHES_EXAMINED_MAX;
    for (columns, segment) in &segments {
        collect(&*weight, segment, columns, wanted, &mut best, &mut budget)?;
    }
    if budget == 0 {
        tracing::info!(words = wanted.words.len(), "search met its bound; older matches were left out");
    }
    Ok(best.into_sorted_vec().into_iter().map(|Reverse(found)| found).collect())
}

fn query(fields: Fields, words: &BTreeSet<String>) -> BooleanQuery {
    let clauses = words.iter().map(|word| {
        let term = Term::from_field_text(fields.text, word);
        let query: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
        (Occur::Must, query)
    });
    BooleanQuery::new(clauses.collect())
}

fn collect(
    weight: &dyn Weight,
    segment: &SegmentReader,
    columns: &Columns,
    wanted: &Wanted,
    best: &mut BinaryHeap<Reverse<Match>>,
    budget: &mut usize,
) -> Result<(), SearchError> {
    let mut scorer: Box<dyn Scorer> = weight.scorer(segment, 1.0)?;
    let alive = segment.alive_bitset();
    let mut document = scorer.doc();
    while document != TERMINATED && *budget > 0 {
        *budget -= 1;
        if alive.is_none_or(|alive| alive.is_alive(document)) && columns.fits(document, wanted) {
            let rank = scorer.score();
            let event = columns.event.get_val(document);
            let key = match wanted.order {
                Order::Recent => columns.time.get_val(document),
                Order::Rank => u64::from(rank.max(0.0).to_bits()),
            };
            let spot = Spot { key, event };
            let is_better = best.len() < wanted.limit
                || best.peek().is_some_and(|Reverse(worst): &Reverse<Match>| spot > worst.spot);
            if is_better && wanted.behind.is_none_or(|behind| spot < behind) {
                best.push(Reverse(Match {
                    spot,
                    rank,
                    event: EventNum::new(event),
                    source: EventNum::new(columns.source.get_val(document)),
                    room: RoomNum::new(columns.room.get_val(document)),
                }));
                if best.len() > wanted.limit {
                    best.pop();
                }
            }
        }
        document = scorer.advance();
    }
    Ok(())
}
