//! Whose turn it is: fair between gateways, one request at a time per pusher, pauses after failures.
//!
//! Pure book-keeping: it reads no row and no clock, so that its rules can be tested as tables. Only
//! pushers with something queued are in it.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::gateway::Gateway;
use crate::limits::{BACKOFF_MAX, BACKOFF_MIN};

/// How a turn of a pusher ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing is left to tell.
    Empty,
    /// There is more.
    More,
    /// Come back then.
    Later(Instant),
    /// This pusher failed, others of its gateway may be fine.
    Refused,
    /// The gateway itself failed.
    Down,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// Under way; whether something was queued meanwhile.
    Running {
        again: bool,
    },
    /// Waiting for a time.
    Paused,
}

#[derive(Debug)]
struct Place {
    gateway: Gateway,
    state: State,
    failures: u32,
    /// Rows in its queue, as far as known.
    rows: usize,
}

#[derive(Debug, Default)]
struct Line {
    /// Pushers that are in the schedule.
    members: usize,
    ready: VecDeque<u64>,
    running: usize,
    failures: u32,
    /// Nobody of this gateway has a turn before.
    not_before: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Schedule {
    places: HashMap<u64, Place>,
    lines: HashMap<Gateway, Line>,
    /// Gateways in the order of their turns; each with a line stands in it once.
    round: VecDeque<Gateway>,
    paused: BTreeMap<(Instant, u64), ()>,
    per_gateway_max: usize,
}

impl Schedule {
    pub fn new(per_gateway_max: usize) -> Self {
        Self {
            places: HashMap::new(),
            lines: HashMap::new(),
            round: VecDeque::new(),
            paused: BTreeMap::new(),
            per_gateway_max: per_gateway_max.max(1),
        }
    }

    /// Something was queued for a pusher: so many rows.
    pub fn queued(&mut self, pusher: u64, gateway: &Gateway, rows: usize) {
        if let Some(place) = self.places.get_mut(&pusher) {
            place.rows = place.rows.saturating_add(rows);
            if let State::Running { again } = &mut place.state {
                *again = true;
            }
            return;
        }
        let place = Place { gateway: gateway.clone(), state: State::Ready, failures: 0, rows };
        self.places.insert(pusher, place);
        self.line_up(pusher, gateway.clone());
        if let Some(line) = self.lines.get_mut(gateway) {
            line.members += 1;
        }
    }

    /// Rows that wait for a pusher.
    pub fn rows(&self, pusher: u64) -> usize {
        self.places.get(&pusher).map_or(0, |place| place.rows)
    }

    /// All rows that wait.
    pub fn rows_total(&self) -> usize {
        self.places.values().map(|place| place.rows).sum()
    }

    /// A row of this pusher is gone.
    pub fn row_gone(&mut self, pusher: u64) {
        if let Some(place) = self.places.get_mut(&pusher) {
            place.rows = place.rows.saturating_sub(1);
        }
    }

    /// The next pusher whose turn it is.
    pub fn next(&mut self, now: Instant) -> Option<u64> {
        self.wake(now);
        for _ in 0..self.round.len() {
            let gateway = self.round.pop_front()?;
            let Some(line) = self.lines.get_mut(&gateway) else { continue };
            let free = line.running < self.per_gateway_max && line.not_before.is_none_or(|time| time <= now);
            // After a failure one request feels the way.
            let free = free && (line.failures == 0 || line.running == 0);
            let chosen = if free { line.ready.pop_front() } else { None };
            if let Some(pusher) = chosen {
                line.running += 1;
                if let Some(place) = self.places.get_mut(&pusher) {
                    place.state = State::Running { again: false };
                }
            }
            self.round.push_back(gateway);
            if chosen.is_some() {
                return chosen;
            }
        }
        None
    }

    /// When something may become ready by itself.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let paused = self.paused.keys().next().map(|(time, _)| *time);
        let lines = self.lines.values().filter(|line| !line.ready.is_empty());
        let lines = lines.filter_map(|line| line.not_before).filter(|time| *time > now).min();
        [paused, lines].into_iter().flatten().min()
    }

    /// A turn is over. `spread` is between 0 and 1 and keeps retries of many apart.
    pub fn done(&mut self, pusher: u64, turn: Turn, now: Instant, spread: f64) {
        let Some(place) = self.places.get_mut(&pusher) else { return };
        let again = matches!(place.state, State::Running { again: true });
        let gateway = place.gateway.clone();
        if let Some(line) = self.lines.get_mut(&gateway) {
            line.running = line.running.saturating_sub(1);
            match turn {
                Turn::Empty | Turn::More | Turn::Later(_) => (line.failures, line.not_before) = (0, None),
                Turn::Refused => {}
                Turn::Down => {
                    line.failures = line.failures.saturating_add(1);
                    line.not_before = Some(now + pause(line.failures, spread));
                }
            }
        }
        match turn {
            Turn::Empty if !again => {
                self.places.remove(&pusher);
                self.close(&gateway);
            }
            Turn::Empty | Turn::More | Turn::Down => {
                place.failures = 0;
                place.state = State::Ready;
                self.line_up(pusher, gateway);
            }
            Turn::Later(time) => {
                place.state = State::Paused;
                self.paused.insert((time, pusher), ());
            }
            Turn::Refused => {
                place.failures = place.failures.saturating_add(1);
                let time = now + pause(place.failures, spread);
                place.state = State::Paused;
                self.paused.insert((time, pusher), ());
            }
        }
    }

    fn wake(&mut self, now: Instant) {
        while let Some((time, pusher)) = self.paused.keys().next().copied() {
            if time > now {
                break;
            }
            self.paused.remove(&(time, pusher));
            if let Some(place) = self.places.get_mut(&pusher) {
                place.state = State::Ready;
                let gateway = place.gateway.clone();
                self.line_up(pusher, gateway);
            }
        }
    }

    fn line_up(&mut self, pusher: u64, gateway: Gateway) {
        let new = !self.lines.contains_key(&gateway);
        if new {
            self.round.push_back(gateway.clone());
        }
        self.lines.entry(gateway).or_default().ready.push_back(pusher);
    }

    /// One less waits for this gateway; forgets it after the last.
    fn close(&mut self, gateway: &Gateway) {
        let Some(line) = self.lines.get_mut(gateway) else { return };
        line.members = line.members.saturating_sub(1);
        if line.members == 0 {
            self.lines.remove(gateway);
            self.round.retain(|other| other != gateway);
        }
    }
}

/// Doubles from one failure to the next, and is spread so that not everybody comes back at once.
fn pause(failures: u32, spread: f64) -> Duration {
    let doubled = BACKOFF_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(BACKOFF_MAX);
    doubled.mul_f64(0.5 + spread.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
