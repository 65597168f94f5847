//! Events that come in several frames are put together here. What does not become whole in time is dropped;
//! nothing of it was acknowledged, so the platform sends it again.

use std::collections::{BTreeMap, HashMap};

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use super::frame::Frame;
use crate::limits::{FRAGMENT_BYTES_MAX, FRAGMENT_TIME_MAX, FRAGMENTED_EVENTS_MAX, FRAGMENTS_MAX};

/// The fragments that wait for others.
#[derive(Debug, Default)]
pub struct Fragments {
    waiting: HashMap<String, Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    sum: usize,
    parts: BTreeMap<usize, Bytes>,
}

/// What a frame made of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Joined {
    /// The whole event.
    Whole(Bytes),
    /// More frames have to come.
    Waiting,
    /// The frame contradicts itself or what came before, or too much waits.
    Refused(&'static str),
}

impl Fragments {
    /// Takes one frame at `now`.
    pub fn join(&mut self, frame: &Frame, now: Instant) -> Joined {
        self.forget_old(now);
        let payload = frame.payload.clone().unwrap_or_default();
        let number = |key: &str, otherwise| match frame.header(key) {
            None => Some(otherwise),
            Some(text) => text.parse::<usize>().ok(),
        };
        let (Some(sum), Some(index)) = (number("sum", 1), number("seq", 0)) else {
            return Joined::Refused("the number of a fragment is none");
        };
        if sum <= 1 && index == 0 {
            return Joined::Whole(payload);
        }
        if index >= sum || sum > FRAGMENTS_MAX {
            return Joined::Refused("the number of a fragment is out of its range");
        }
        let Some(id) = frame.header("message_id").filter(|id| !id.is_empty()) else {
            return Joined::Refused("a fragment without the id of its message");
        };
        if self.bytes + payload.len() > FRAGMENT_BYTES_MAX {
            return Joined::Refused("too many bytes wait for their other fragments");
        }
        if !self.waiting.contains_key(id) && self.waiting.len() >= FRAGMENTED_EVENTS_MAX {
            return Joined::Refused("too many events wait for their other fragments");
        }
        let waiting = Waiting { since: now, sum, parts: BTreeMap::new() };
        let waiting = self.waiting.entry(id.to_owned()).or_insert(waiting);
        if waiting.sum != sum {
            return Joined::Refused("fragments of one event that count differently");
        }
        let length = payload.len();
        self.bytes +=
            length - waiting.parts.insert(index, payload).map_or(0, |before| before.len().min(length));
        let whole = waiting.parts.len() == sum;
        if whole { self.take(id).map_or(Joined::Waiting, Joined::Whole) } else { Joined::Waiting }
    }

    fn take(&mut self, id: &str) -> Option<Bytes> {
        let waiting = self.waiting.remove(id)?;
        let mut whole = BytesMut::new();
        for part in waiting.parts.into_values() {
            self.bytes = self.bytes.saturating_sub(part.len());
            whole.extend_from_slice(&part);
        }
        Some(whole.freeze())
    }

    fn forget_old(&mut self, now: Instant) {
        self.waiting.retain(|_, waiting| now < waiting.since + FRAGMENT_TIME_MAX);
        self.bytes = self.waiting.values().flat_map(|waiting| waiting.parts.values()).map(Bytes::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::frame::{DATA, Header};

    fn fragment(id: &str, sum: &str, index: &str, payload: &'static str) -> Frame {
        let pair = |key: &str, value: &str| Header { key: key.to_owned(), value: value.to_owned() };
        let headers = vec![pair("message_id", id), pair("sum", sum), pair("seq", index)];
        Frame { method: DATA, headers, payload: Some(payload.into()), ..Frame::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn fragments_in_any_order_and_twice_make_one_event() {
        let (mut fragments, now) = (Fragments::default(), Instant::now());
        assert_eq!(fragments.join(&fragment("a", "3", "2", "c"), now), Joined::Waiting);
        assert_eq!(fragments.join(&fragment("b", "2", "0", "x"), now), Joined::Waiting);
        assert_eq!(fragments.join(&fragment("a", "3", "2", "c"), now), Joined::Waiting);
        assert_eq!(fragments.join(&fragment("a", "3", "0", "a"), now), Joined::Waiting);
        assert_eq!(fragments.join(&fragment("a", "3", "1", "b"), now), Joined::Whole("abc".into()));
        assert_eq!(fragments.join(&fragment("b", "2", "1", "y"), now), Joined::Whole("xy".into()));
        assert_eq!((fragments.waiting.len(), fragments.bytes), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_become_whole_in_time_is_dropped() {
        let (mut fragments, now) = (Fragments::default(), Instant::now());
        assert_eq!(fragments.join(&fragment("a", "2", "0", "old"), now), Joined::Waiting);
        let later = now + FRAGMENT_TIME_MAX;
        assert_eq!(fragments.join(&fragment("a", "2", "1", "b"), later), Joined::Waiting);
        assert_eq!(fragments.join(&fragment("a", "2", "0", "a"), later), Joined::Whole("ab".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_numbers_are_refused_and_a_plain_frame_is_whole() {
        let (mut fragments, now) = (Fragments::default(), Instant::now());
        for (sum, index) in [("2", "2"), ("0", "1"), ("x", "0"), ("2", "-1"), ("100000", "1"), ("1", "1")] {
            let joined = fragments.join(&fragment("a", sum, index, "x"), now);
            assert!(matches!(joined, Joined::Refused(_)), "{sum}/{index}: {joined:?}");
        }
        assert!(matches!(fragments.join(&fragment("", "2", "0", "x"), now), Joined::Refused(_)));
        assert_eq!(fragments.join(&fragment("a", "2", "0", "x"), now), Joined::Waiting);
        assert!(matches!(fragments.join(&fragment("a", "3", "1", "x"), now), Joined::Refused(_)));
        let plain = Frame { payload: Some("p".into()), ..Frame::default() };
        assert_eq!(fragments.join(&plain, now), Joined::Whole("p".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_has_bounds() {
        let (mut fragments, now) = (Fragments::default(), Instant::now());
        for number in 0..FRAGMENTED_EVENTS_MAX {
            assert_eq!(fragments.join(&fragment(&format!("m{number}"), "2", "0", "x"), now), Joined::Waiting);
        }
        assert!(matches!(fragments.join(&fragment("one more", "2", "0", "x"), now), Joined::Refused(_)));
        let large =
            Frame { payload: Some(vec![0; FRAGMENT_BYTES_MAX].into()), ..fragment("m0", "2", "1", "") };
        assert!(matches!(fragments.join(&large, now), Joined::Refused(_)));
    }
}
