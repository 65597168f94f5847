//! One search from request to page.

use std::collections::{BTreeMap, HashSet};

use model::EventForm;
use rooms::{access::Viewer, filter::EventFilter};
use ruma::api::client::filter::UrlFilter;
use tokio::time::Instant;

use super::{
    FoundEvent, FoundGroup, Grouping, SearchPage, SearchRequest,
    judge::{Judge, Told},
    scope,
    token::{SearchToken, Within},
};
use crate::{
    Search, SearchError,
    index::{Match, Spot, Wanted, stable_hash},
    limits::{MATCHES_JUDGED_AT_ONCE, MATCHES_JUDGED_MAX},
    measure,
    text::query_words,
};

/// What came of judging.
struct Judged {
    page: Vec<Told>,
    count: u64,
    /// Where the next page begins, if there may be one.
    next: Option<Spot>,
}

impl Search {
    /// Searches the messages that a user may see.
    ///
    /// # Errors
    /// `InvalidParam` for a term or filter beyond its bound and for a foreign token; `Behind` when the index
    /// does not reach the present in time.
    pub async fn messages(
        &self,
        viewer: Viewer<'_>,
        request: &SearchRequest,
    ) -> Result<SearchPage, SearchError> {
        request.check()?;
        let digest = request.digest();
        let token = request.from.as_deref().map(|from| SearchToken::decode(from, digest)).transpose()?;
        if !self.caught_up(&self.index_progress).await {
            return Err(SearchError::Behind);
        }
        let wanted = self.wanted(viewer, request, token).await?;
        let highlights: Vec<String> = wanted.words.iter().cloned().collect();
        let matches = self.matches(wanted).await?;

        let rooms = &self.parts.rooms;
        let ignored = self.parts.accounts.ignored_users(viewer.user).await?;
        let mut judge = Judge::new(rooms, viewer, EventFilter::new(&request.filter), ignored);
        let known_count = token.map(|token| token.count);
        let judged = judged(&mut judge, &matches, request.limit(), known_count).await?;
        let continued = |spot, within| SearchToken { digest, spot, count: judged.count, within }.encode();
        let within = token.map_or(Within::All, |token| token.within);
        let mut page = SearchPage {
            count: judged.count,
            highlights,
            next: judged.next.map(|spot| continued(spot, within)),
            groups: groups(&request.group_by, &judged, &continued),
            ..SearchPage::default()
        };
        for told in &judged.page {
            page.results.push(self.found(viewer, &judge, request, told).await?);
        }
        if request.include_state {
            for told in &judged.page {
                let Some(room) = judge.room(told.found.room) else { continue };
                if !page.state.contains_key(room.room_id()) {
                    let state = rooms.readable_state(rooms.store(), viewer, room).await?;
                    page.state.insert(room.room_id().to_owned(), state);
                }
            }
        }
        Ok(page)
    }

    /// The question to the index.
    async fn wanted(
        &self,
        viewer: Viewer<'_>,
        request: &SearchRequest,
        token: Option<SearchToken>,
    ) -> Result<Wanted, SearchError> {
        let filter = &request.filter;
        let mut rooms = scope::rooms_searched(&self.parts.rooms, viewer.user, filter).await?;
        let mut senders: Option<HashSet<u64>> = filter
            .senders
            .as_ref()
            .map(|senders| senders.iter().map(|sender| stable_hash([sender.as_str()])).collect());
        match token.map(|token| token.within) {
            None | Some(Within::All) => {}
            Some(Within::Room(room)) => rooms.retain(|searched| *searched == room),
            Some(Within::Sender(sender)) => match &mut senders {
                Some(senders) => senders.retain(|wanted| *wanted == sender),
                None => senders = Some(HashSet::from([sender])),
            },
        }
        // The dictionary may have to be unpacked, which takes a while.
        let (segmenter, term) = (self.segmenter.clone(), request.term.clone());
        let words = tokio::task::spawn_blocking(move || query_words(&segmenter, &term)).await;
        Ok(Wanted {
            words: words.map_err(|error| SearchError::Index(error.to_string()))?,
            rooms,
            kinds: request.kinds(),
            senders,
            has_url: filter.url_filter.map(|url| url == UrlFilter::EventsWithUrl),
            order: request.order.into(),
            behind: token.map(|token| token.spot),
            limit: MATCHES_JUDGED_MAX,
        })
    }

    /// Asks the index, some at a time and off the async threads.
    async fn matches(&self, wanted: Wanted) -> Result<Vec<Match>, SearchError> {
        let _turn = self.searches.acquire().await.map_err(|error| SearchError::Index(error.to_string()))?;
        let started = Instant::now();
        let search = self.clone();
        let found = tokio::task::spawn_blocking(move || search.index.matches(&wanted)).await;
        metrics::histogram!(measure::QUERY_SECONDS).record(started.elapsed().as_secs_f64());
        found.map_err(|error| SearchError::Index(error.to_string()))?
    }

    async fn found(
        &self,
        viewer: Viewer<'_>,
        judge: &Judge<'_>,
        request: &SearchRequest,
        told: &Told,
    ) -> Result<FoundEvent, SearchError> {
        let rooms = &self.parts.rooms;
        let store = rooms.store();
        let event = rooms.client_event_with_relations(store, viewer, &told.shown, EventForm::Full).await?;
        let mut context = None;
        if let (Some(wish), Some(room)) = (request.context, judge.room(told.found.room)) {
            let event_id = told.shown.pdu.event_id();
            let visible = rooms.visible_event(store, viewer, room.room_id(), event_id).await?;
            context = Some(rooms.surroundings(store, viewer, &visible, wish.limits(), wish.profiles).await?);
        }
        Ok(FoundEvent { event, rank: f64::from(told.found.rank), context })
    }
}

/// Judges matches until the page is full and, for a first page, all are counted.
async fn judged(
    judge: &mut Judge<'_>,
    matches: &[Match],
    limit: usize,
    known_count: Option<u64>,
) -> Result<Judged, SearchError> {
    let mut page = Vec::new();
    let mut seen = 0;
    for chunk in matches.chunks(MATCHES_JUDGED_AT_ONCE) {
        let told = judge.told(chunk).await?;
        seen += told.len() as u64;
        let room_left = limit - page.len();
        page.extend(told.into_iter().take(room_left));
        if page.len() == limit && known_count.is_some() {
            break;
        }
    }
    let next = if page.len() == limit {
        page.last().map(|told: &Told| told.found.spot)
    } else {
        // Not enough among those that one request may judge: go on behind them.
        matches.last().filter(|_| matches.len() == MATCHES_JUDGED_MAX).map(|last| last.spot)
    };
    Ok(Judged { page, count: known_count.unwrap_or(seen), next })
}

fn groups(
    group_by: &std::collections::BTreeSet<Grouping>,
    judged: &Judged,
    continued: &dyn Fn(Spot, Within) -> String,
) -> BTreeMap<Grouping, BTreeMap<String, FoundGroup>> {
    let mut all = BTreeMap::new();
    for grouping in group_by {
        let mut groups: BTreeMap<String, FoundGroup> = BTreeMap::new();
        for told in &judged.page {
            let pdu = &told.shown.pdu;
            let (value, within) = match grouping {
                Grouping::Room => (pdu.room_id().to_string(), Within::Room(told.found.room.get())),
                Grouping::Sender => {
                    (pdu.sender().to_string(), Within::Sender(stable_hash([pdu.sender().as_str()])))
                }
            };
            let order = groups.len() as u64 + 1;
            let group = groups.entry(value).or_insert_with(|| FoundGroup { order, ..FoundGroup::default() });
            group.results.push(pdu.event_id().to_owned());
            if judged.next.is_some() {
                group.next = Some(continued(told.found.spot, within));
            }
        }
        all.insert(*grouping, groups);
    }
    all
}
