//! The platform's own approvals: what changed of one is read when the platform tells of it, and all that are new or wait are listed
//! once in a while, because it may lose what it tells.

use std::collections::BTreeSet;

use bridge_api::{ApprovalState, Arrival, EventKey, Failure, Happened, Inbox, digest, handed_over};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Office, foreign, unless_refused};
use crate::{
    client::CallError,
    lenient::{items, text},
    limits::{
        APPROVALS_AGAIN_MAX, APPROVALS_OPEN_MAX, APPROVALS_OVERLAP_SECONDS, APPROVALS_PAGE,
        APPROVALS_PAGES_MAX, APPROVALS_READ_MAX, APPROVALS_WINDOW_SECONDS, ENTRY_KEPT_MS, TAKEN_WITHIN,
    },
};

/// Where it lies which approvals are known.
const KNOWN: &str = "office:approvals";
/// The platform's number of approvals that wait.
const WAITS: &str = "1";

/// What the platform says to apps that may not read approvals.
pub const NOT_GRANTED: &[&str] = &["48001", "48002", "301055"];

/// What is known of the platform's approvals.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    /// Until when all that began were told, in seconds since the Unix epoch; 0 before the first round.
    until_s: u64,
    /// Those that waited when they were last read.
    open: BTreeSet<String>,
    /// The last of them that was read again although the platform listed it as before.
    again: String,
    /// Those that began since then and were read and waited no more, while a round left others for the next one.
    over: BTreeSet<String>,
}

/// What a listing found.
struct Listed {
    numbers: BTreeSet<String>,
    is_whole: bool,
}

impl Office {
    /// An approval as it stands; nothing for one that makes no sense to us.
    pub(super) async fn approval(&self, number: &str) -> Result<Option<Arrival>, CallError> {
        let answer = self.client.post("oa/getapprovaldetail", &json!({"sp_no": number})).await;
        let answer = answer.map_err(CallError::of_reading)?;
        let Some(read) = answer.get("info").and_then(foreign::read) else {
            tracing::warn!(number, "an approval of WeCom's is in a state that is not known here");
            return Ok(None);
        };
        // The same state is the same arrival, whoever told of it.
        let state = serde_json::to_vec(&read).unwrap_or_default();
        let key = EventKey::new(format!("{}:approval:{}", self.client.settings().corp_id, digest(&state)));
        let (at_ms, what) = (read.changed_ms, Happened::ApprovalChanged(read));
        Ok(key.ok().map(|key| Arrival {
            key,
            conversation: None,
            at_ms,
            trace: Some(number.to_owned()),
            what,
        }))
    }

    /// Lists what began since the last round and what waits, reads what is new or waits no more, and hands it over.
    ///
    /// # Errors
    /// When the platform or the shelf refuses; what was not handed over is read again in the next round.
    pub(super) async fn look_after_approvals(&self, inbox: &dyn Inbox) -> Result<(), Failure> {
        let mut known: Known = self.shelf.read(KNOWN).await?.unwrap_or_default();
        let now_s = self.clock.now_ms() / 1_000;
        let window_s = now_s.saturating_sub(APPROVALS_WINDOW_SECONDS - 1);
        let waiting = self.listed(window_s, now_s, Some(WAITS)).await?;
        let mut new = waiting.numbers.clone();
        if known.until_s > 0 {
            let since_s = known.until_s.saturating_sub(APPROVALS_OVERLAP_SECONDS).max(window_s);
            new.extend(self.listed(since_s, now_s, None).await?.numbers);
        }
        new.retain(|number| !known.open.contains(number) && !known.over.contains(number));
        let ended: Vec<String> = if waiting.is_whole {
            known.open.difference(&waiting.numbers).cloned().collect()
        } else {
            Vec::new()
        };
        let again = known.next_again(&waiting.numbers);
        let to_read: Vec<String> = ended.into_iter().chain(new).chain(again).collect();
        let is_all = to_read.len() <= APPROVALS_READ_MAX;
        for number in to_read.into_iter().take(APPROVALS_READ_MAX) {
            let arrival = unless_refused(self.approval(&number).await)?.flatten();
            let is_open = arrival.as_ref().is_some_and(is_open) && waiting.numbers.contains(&number);
            if !handed_over(inbox, arrival.into_iter().collect(), TAKEN_WITHIN).await {
                return Err(Failure::later("what was read of approvals was not taken"));
            }
            // One that still waits and is too old to be listed is known by what the platform tells of it alone.
            if !is_open {
                known.open.remove(&number);
            }
            let noted = if is_open { &mut known.open } else { &mut known.over };
            if noted.len() < APPROVALS_OPEN_MAX {
                noted.insert(number);
            }
        }
        if is_all {
            (known.until_s, known.over) = (now_s, BTreeSet::new());
        }
        Ok(self.shelf.write(KNOWN, &known, ENTRY_KEPT_MS).await?)
    }

    /// Whether the app may read approvals, which a company need not want.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn may_read_approvals(&self) -> Result<bool, Failure> {
        let now_s = self.clock.now_ms() / 1_000;
        match self.listed(now_s.saturating_sub(APPROVALS_OVERLAP_SECONDS), now_s, Some(WAITS)).await {
            Ok(_) => Ok(true),
            Err(error) if error.code.as_deref().is_some_and(|code| NOT_GRANTED.contains(&code)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The numbers of approvals that began between two times, in seconds since the Unix epoch.
    async fn listed(&self, from_s: u64, until_s: u64, status: Option<&str>) -> Result<Listed, CallError> {
        let filters: Vec<Value> =
            status.iter().map(|status| json!({"key": "sp_status", "value": status})).collect();
        let (mut numbers, mut cursor) = (BTreeSet::new(), String::new());
        for _ in 0..APPROVALS_PAGES_MAX {
            let body = json!({
                "starttime": from_s.to_string(), "endtime": until_s.to_string(), "new_cursor": cursor,
                "size": APPROVALS_PAGE, "filters": filters,
            });
            let page = self.client.post("oa/getapprovalinfo", &body).await.map_err(CallError::of_reading)?;
            numbers.extend(items(&page, "sp_no_list").iter().filter_map(bridge_api::lenient::text_of));
            match text(&page, "new_next_cursor") {
                Some(next) if next != cursor => cursor = next,
                _ => return Ok(Listed { numbers, is_whole: true }),
            }
        }
        tracing::warn!("WeCom has more approvals than are listed here");
        Ok(Listed { numbers, is_whole: false })
    }
}

impl Known {
    /// The next of those that wait as before: what passed from one to another may have been lost as well.
    fn next_again(&mut self, waiting: &BTreeSet<String>) -> Vec<String> {
        let both = || self.open.intersection(waiting);
        let later = both().filter(|number| **number > self.again);
        let earlier = both().filter(|number| **number <= self.again);
        let next: Vec<String> = later.chain(earlier).take(APPROVALS_AGAIN_MAX).cloned().collect();
        self.again = next.last().cloned().unwrap_or_default();
        next
    }
}

fn is_open(arrival: &Arrival) -> bool {
    matches!(&arrival.what, Happened::ApprovalChanged(read) if read.state == ApprovalState::Pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_wait_are_read_again_in_turn() {
        let waiting: BTreeSet<String> =
            (0..APPROVALS_AGAIN_MAX + 5).map(|number| format!("{number:03}")).collect();
        let mut known = Known { open: waiting.clone(), ..Known::default() };
        let first = known.next_again(&waiting);
        assert_eq!((first.len(), first[0].as_str()), (APPROVALS_AGAIN_MAX, "000"));
        let second = known.next_again(&waiting);
        assert_eq!((second[0].as_str(), second[5].as_str()), ("020", "000"), "and from the front");
        assert!(known.next_again(&BTreeSet::new()).is_empty());
    }
}
