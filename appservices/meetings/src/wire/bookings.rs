//! Who has which resource when: a row for each instance, and a counter that makes two who want it at once come one after
//! the other.

use std::collections::{BTreeMap, BTreeSet};

use cases::Case;
use store::{Batch, Scan};

use super::Meetings;
use crate::{
    MeetingsError,
    desk::{Booking, occurrences},
    limits::BOOKINGS_READ_MAX,
    meeting::{Meeting, state},
    tables::{BOOKED, BOOKED_REVISION, BookedRow},
};

type Rows = BTreeMap<(String, u64, String), BookedRow>;

impl Meetings {
    /// Who has these resources from now on, but for the meeting `case` itself.
    pub(crate) async fn bookings(
        &self,
        resources: impl Iterator<Item = &str>,
        case: &str,
        now_ms: u64,
    ) -> Result<Vec<Booking>, MeetingsError> {
        let mut found = Vec::new();
        for resource in resources {
            let scan = Scan::prefix(&resource.to_owned()).limit(BOOKINGS_READ_MAX);
            let rows = self.kit().store().scan(&BOOKED, scan).await?;
            let others = rows.into_iter().filter(|((_, _, of), row)| of != case && row.end_ms > now_ms);
            found.extend(others.map(|((resource, start_ms, _), row)| Booking {
                resource,
                start_ms,
                end_ms: row.end_ms,
                by: row.by,
            }));
        }
        Ok(found)
    }

    /// Writes what a meeting has now instead of what it had. The counter of each resource is a condition of the batch: who
    /// decided on what was overtaken decides again.
    pub(crate) async fn book_resources(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
        now_ms: u64,
    ) -> Result<(), MeetingsError> {
        let old = before.map(|before| self.rows(before, now_ms)).unwrap_or_default();
        let new = self.rows(after, now_ms);
        let changed: BTreeSet<&String> = old
            .iter()
            .filter(|(key, row)| new.get(*key) != Some(*row))
            .chain(new.iter().filter(|(key, row)| old.get(*key) != Some(*row)))
            .map(|((resource, ..), _)| resource)
            .collect();
        for resource in changed {
            let revision = self.kit().store().get(&BOOKED_REVISION, resource).await?;
            batch.expect_read(&BOOKED_REVISION, resource, revision.as_ref());
            batch.put(&BOOKED_REVISION, resource, &(revision.unwrap_or(0) + 1));
        }
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            batch.delete(&BOOKED, key);
        }
        for (key, row) in new.iter().filter(|(key, row)| old.get(*key) != Some(*row)) {
            batch.put(&BOOKED, key, row);
        }
        Ok(())
    }

    fn rows(&self, case: &Case<Meeting>, now_ms: u64) -> Rows {
        let is_held = matches!(case.state.as_str(), state::SCHEDULED | state::LIVE);
        let resources: Vec<&str> = case.data.resources().filter(|_| is_held).collect();
        if resources.is_empty() {
            return Rows::new();
        }
        let chart = self.chart();
        let world = self.world_at(&chart, now_ms);
        let by = case.data.organizer().map_or_else(String::new, |user| world.name(user));
        // A rule that cannot be expanded was refused before it came here.
        let all = occurrences(&case.data.event, now_ms).unwrap_or_default();
        let row = |resource: &str, at: &calendar::Occurrence| {
            let key = (resource.to_owned(), at.start_ms, case.id.clone());
            (key, BookedRow { end_ms: at.end_ms, by: by.clone() })
        };
        all.iter()
            .flat_map(|at| resources.iter().map(move |resource| (resource, at)))
            .map(|(r, at)| row(r, at))
            .collect()
    }
}
