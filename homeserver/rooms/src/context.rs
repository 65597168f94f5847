//! The events around an event: `/context`, and the context of search results.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{EventForm, EventNum};
use ruma::{OwnedUserId, api::Direction};
use store::Reader;

use crate::{
    Rooms, RoomsError,
    access::{Viewer, VisibleEvent},
    filter::EventFilter,
    pagination::PageQuery,
    state_reading::MemberProfile,
    token,
    visibility::Shown,
};

/// Events around the one asked for, both sides together.
pub const CONTEXT_EVENTS_MAX: usize = 100;

/// An event with its neighbours, all as client JSON.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The boundary before the oldest neighbour.
    pub start: String,
    /// The boundary after the newest neighbour.
    pub end: String,
    /// Neighbours before, the nearest first.
    pub events_before: Vec<Bytes>,
    /// The event.
    pub event: Bytes,
    /// Neighbours after, the nearest first.
    pub events_after: Vec<Bytes>,
    /// The state after the newest neighbour; with lazy loading only the senders' member events.
    pub state: Vec<Bytes>,
}

/// The neighbours of a search result.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The boundary before the oldest neighbour.
    pub start: String,
    /// The boundary after the newest neighbour.
    pub end: String,
    /// Neighbours before as client JSON, the nearest first.
    pub events_before: Vec<Bytes>,
    /// Neighbours after as client JSON, the nearest first.
    pub events_after: Vec<Bytes>,
    /// What the senders were called, when asked for.
    pub profiles: BTreeMap<OwnedUserId, MemberProfile>,
}

impl Rooms {
    /// An event and at most `limit` neighbours, as many on each side.
    pub async fn context(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        event: &VisibleEvent,
        limit: usize,
        filter: &EventFilter,
        lazy_load_members: bool,
    ) -> Result<Context, RoomsError> {
        let limit = limit.min(CONTEXT_EVENTS_MAX);
        let centre = event.shown();
        let before = self.neighbours(reader, viewer, event, Direction::Backward, limit / 2, filter).await?;
        let after =
            self.neighbours(reader, viewer, event, Direction::Forward, limit - limit / 2, filter).await?;
        let oldest = before.last().map_or(centre.position, |oldest| oldest.position);
        let newest = after.last().unwrap_or(centre);
        let state = newest.meta.state_after;
        let state = if lazy_load_members {
            let all: Vec<Shown> = before.iter().chain([centre]).chain(&after).cloned().collect();
            self.members_at(reader, viewer, state, &all).await?
        } else {
            let nums: Vec<EventNum> =
                self.state_at(reader, state).await?.iter().map(|(_, event)| *event).collect();
            self.state_events(reader, viewer, &nums, EventForm::Full).await?
        };
        Ok(Context {
            start: token::encode(token::before(oldest)),
            end: token::encode(newest.position),
            events_before: self.client_events(reader, viewer, &before, EventForm::Full).await?,
            event: self.client_event_with_relations(reader, viewer, centre, EventForm::Full).await?,
            events_after: self.client_events(reader, viewer, &after, EventForm::Full).await?,
            state,
        })
    }

    /// An event's neighbours, `before` and `after` of them at most, for a search result. With profiles,
    /// what everybody who sent one of these events was called when the event itself was sent.
    pub async fn surroundings(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        event: &VisibleEvent,
        (before, after): (usize, usize),
        with_profiles: bool,
    ) -> Result<Surroundings, RoomsError> {
        let (before, after) = (before.min(CONTEXT_EVENTS_MAX), after.min(CONTEXT_EVENTS_MAX));
        let filter = EventFilter::default();
        let centre = event.shown();
        let before = self.neighbours(reader, viewer, event, Direction::Backward, before, &filter).await?;
        let after = self.neighbours(reader, viewer, event, Direction::Forward, after, &filter).await?;
        let mut profiles = BTreeMap::new();
        if with_profiles {
            for shown in before.iter().chain([centre]).chain(&after) {
                let sender = shown.pdu.sender();
                if profiles.contains_key(sender) {
                    continue;
                }
                let state = centre.meta.state_before;
                let member = self.state_event_at(reader, state, "m.room.member", sender.as_str()).await?;
                let profile: Option<MemberProfile> = member.and_then(|member| member.content_as().ok());
                profiles.insert(sender.to_owned(), profile.unwrap_or_default());
            }
        }
        let oldest = before.last().map_or(centre.position, |oldest| oldest.position);
        let newest = after.last().map_or(centre.position, |newest| newest.position);
        Ok(Surroundings {
            start: token::encode(token::before(oldest)),
            end: token::encode(newest),
            events_before: self.client_events(reader, viewer, &before, EventForm::Full).await?,
            events_after: self.client_events(reader, viewer, &after, EventForm::Full).await?,
            profiles,
        })
    }

    async fn neighbours(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        event: &VisibleEvent,
        direction: Direction,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Vec<Shown>, RoomsError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let centre = event.shown().position;
        let from = if direction == Direction::Backward { token::before(centre) } else { centre };
        let query = PageQuery {
            from: Some(from),
            to: None,
            direction,
            limit,
            filter: filter.clone(),
            lazy_load_members: false,
            has_more_elsewhere: false,
        };
        self.events_of_page(reader, viewer, event.room(), &query).await
    }
}
