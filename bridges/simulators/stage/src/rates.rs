//! Rate limits: how often somebody asked for something within the last while.

use std::collections::{BTreeMap, VecDeque};

/// The times of what was allowed, by who asked and for what.
#[derive(Default)]
pub(crate) struct Rates(BTreeMap<(String, String), VecDeque<u64>>);

impl Rates {
    /// Counts one request against bounds of (length of the window in milliseconds, requests in it).
    ///
    /// # Errors
    /// One too many, which is not counted: the milliseconds to wait.
    pub(crate) fn count(
        &mut self,
        now_ms: u64,
        who: &str,
        name: &str,
        bounds: &[(u64, u32)],
    ) -> Result<(), u64> {
        let longest = bounds.iter().map(|(length_ms, _)| *length_ms).max().unwrap_or(0);
        let times = self.0.entry((who.to_owned(), name.to_owned())).or_default();
        while times.front().is_some_and(|first| first + longest <= now_ms) {
            times.pop_front();
        }
        for (length_ms, allowed) in bounds {
            let within = times.iter().rev().take_while(|time| **time + length_ms > now_ms).count();
            if within >= *allowed as usize {
                let first = times.get(times.len() - within).copied().unwrap_or(now_ms);
                return Err((first + length_ms).saturating_sub(now_ms).max(1));
            }
        }
        times.push_back(now_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides_and_each_asker_has_their_own() {
        let mut rates = Rates::default();
        let bounds = [(1_000, 2), (60_000, 3)];
        let mut ask = |now_ms, who| rates.count(now_ms, who, "send", &bounds);
        assert_eq!([ask(0, "a"), ask(400, "a"), ask(500, "a")], [Ok(()), Ok(()), Err(500)]);
        assert_eq!(ask(500, "b"), Ok(()));
        assert_eq!([ask(1_000, "a"), ask(1_500, "a")], [Ok(()), Err(58_500)]);
        assert_eq!(ask(60_000, "a"), Ok(()));
    }
}
