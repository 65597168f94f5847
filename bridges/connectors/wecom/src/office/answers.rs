//! What people answer to our meetings. The platform tells that somebody answered, and at times does not; what they answered is read
//! from the schedule either way, and told once.

use bridge_api::{Acted, Action, Arrival, EventKey, Failure, Happened, PersonId, digest};
use serde_json::Value;

use super::{Office, rows::Entry, schedules::stands, unless_refused};
use crate::{
    ids,
    lenient::{items, number, text},
};

impl Office {
    /// What is new in a schedule to which somebody answered.
    pub(super) async fn answered(
        &self,
        schedule: &str,
        at_ms: u64,
        proof: &str,
    ) -> Result<Vec<Arrival>, Failure> {
        let Some(mark) = self.rows.mark_at(schedule).await? else {
            tracing::debug!("somebody answered to a schedule that is not written down");
            return Ok(Vec::new());
        };
        let Some(entry) = self.rows.entry(&mark).await?.filter(|entry| entry.is_meeting) else {
            return Ok(Vec::new());
        };
        let read = unless_refused(self.read(&[schedule.to_owned()]).await)?.unwrap_or_default();
        match read.iter().find(|schedule| stands(schedule)) {
            Some(there) => self.news(&mark, &entry, there, at_ms, proof).await,
            None => Ok(Vec::new()),
        }
    }

    /// What people answered that was not told yet.
    ///
    /// # Errors
    /// When it cannot be written down that an answer does not count any more.
    pub(super) async fn news(
        &self,
        mark: &str,
        entry: &Entry,
        there: &Value,
        at_ms: u64,
        proof: &str,
    ) -> Result<Vec<Arrival>, Failure> {
        let (mut arrivals, mut withdrawn) = (Vec::new(), Vec::new());
        for (by, action) in actions(there) {
            let known = entry.answers.get(&by).cloned().unwrap_or_default();
            match action {
                _ if action == known.action => {}
                // The platform forgets answers when a meeting moves.
                None => withdrawn.push((by, None)),
                Some(action) => {
                    let told = format!("{mark}\n{by}\n{}\n{}", action.key(), known.times);
                    let key =
                        format!("{}:answer:{}", self.client.settings().corp_id, digest(told.as_bytes()));
                    let Ok(key) = EventKey::new(key) else { continue };
                    let acted = Acted {
                        key: entry.key.clone(),
                        by,
                        action,
                        words: None,
                        instance_ms: entry.instance_ms,
                        proof: proof.to_owned(),
                    };
                    let what = Happened::Acted(acted);
                    arrivals.push(Arrival { key, conversation: None, at_ms, trace: None, what });
                }
            }
        }
        if !withdrawn.is_empty() {
            self.rows.note_answers(mark, withdrawn).await?;
        }
        Ok(arrivals)
    }
}

/// What everybody who is invited answered.
fn actions(there: &Value) -> Vec<(PersonId, Option<Action>)> {
    let is_series = there.get("reminders").and_then(|reminders| number(reminders, "is_repeat")) == Some(1);
    let one = |attendee: &Value| {
        let action = match number(attendee, "response_status") {
            Some(1) => Some(Action::Tentative),
            Some(2) => Some(Action::Accept),
            // One of a series: they come, and not to all of it.
            Some(3) => Some(if is_series { Action::Tentative } else { Action::Accept }),
            Some(4) => Some(Action::Decline),
            _ => None,
        };
        Some((ids::person(&text(attendee, "userid")?)?, action))
    };
    items(there, "attendees").iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_platforms_numbers_are_answers() {
        let there = |repeats: u8| {
            json!({"reminders": {"is_repeat": repeats}, "attendees": [
                {"userid": "A", "response_status": 0}, {"userid": "b", "response_status": "1"},
                {"userid": "c", "response_status": 2}, {"userid": "d", "response_status": 3},
                {"userid": "e", "response_status": 4}, {"response_status": 2}]})
        };
        let of =
            |repeats| -> Vec<_> { actions(&there(repeats)).into_iter().map(|(_, action)| action).collect() };
        let (once, series) = (of(0), of(1));
        assert_eq!(once[..3], [None, Some(Action::Tentative), Some(Action::Accept)]);
        assert_eq!(once[3..], [Some(Action::Accept), Some(Action::Decline)]);
        assert_eq!(series[3], Some(Action::Tentative));
        assert_eq!(actions(&there(0))[0].0.as_str(), "a");
    }
}
