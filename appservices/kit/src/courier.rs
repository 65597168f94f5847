//! Delivers what stands in the outbox: each lane in its order, some lanes at once, the rest in turn.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use base::Shutdown;
use model::StreamPos;
use store::{Scan, StoreError};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    Kit,
    delivery::Undelivered,
    limits::{FAR_LANES_AT_ONCE, LANES_AT_ONCE, LIMITED_MAX, OUTBOX_LOADED_MAX, OUTBOX_PAGE, PAUSE_MAX},
    pause,
    runtime::Bots,
    tables::OUTBOX,
    wire::CallError,
};

/// What waits for one place, and since when it fails.
#[derive(Default)]
struct Lane {
    places: VecDeque<StreamPos>,
    is_busy: bool,
    /// Another server has a say in what waits.
    is_far: bool,
    failures: u32,
    not_before: Option<Instant>,
    /// What waits is for a room that its bot has not come into.
    awaits_coming: bool,
    /// How often bots had come anywhere when the try that is under way began.
    comings: u64,
}

/// The lanes in memory: places only, the letters stay in the store.
#[derive(Default)]
struct Lanes {
    lanes: HashMap<String, Lane>,
    /// Places of all lanes together.
    loaded: usize,
    /// Everything before this is loaded.
    loaded_to: StreamPos,
}

/// How a delivery ended.
type Outcome = (String, Result<(), Undelivered>);

impl Kit {
    /// Delivers until the shutdown.
    pub(crate) async fn carry(&self, bots: &Bots, shutdown: &Shutdown) {
        let mut lanes = Lanes::default();
        let mut under_way: JoinSet<Outcome> = JoinSet::new();
        let mut comings = self.0.comings.subscribe();
        loop {
            if let Err(error) = lanes.load(self).await {
                tracing::warn!(%error, "the outbox of the bots cannot be read; will try again");
            }
            lanes.start(self, bots, &mut under_way);
            let next = lanes.next_try().unwrap_or_else(|| Instant::now() + PAUSE_MAX);
            tokio::select! {
                () = shutdown.wait() => break,
                () = self.0.outbox.news() => {}
                Ok(()) = comings.changed() => lanes.somebody_came(),
                () = tokio::time::sleep_until(next) => {}
                Some(ended) = under_way.join_next() => match ended {
                    Ok((lane, outcome)) => lanes.ended(&lane, outcome, self),
                    // A panic is fenced; its lane begins anew from the store.
                    Err(error) => {
                        tracing::error!(%error, "a delivery broke off");
                        lanes = Lanes::default();
                        under_way.shutdown().await;
                    }
                },
            }
        }
        // What is under way ends by itself within the bound of a request, or is repeated after the start.
        under_way.shutdown().await;
    }

    /// Delivers what can be delivered now, in order, and returns what failed. For tests, which have no time.
    #[cfg(any(test, feature = "double"))]
    pub(crate) async fn carry_once(&self, bots: &Bots) -> Result<Vec<Undelivered>, StoreError> {
        let mut stuck = std::collections::HashSet::new();
        let mut failed = Vec::new();
        for (place, parcel) in self.0.store.scan(&OUTBOX, Scan::all()).await? {
            let lane = parcel.lane(self.server_name());
            if stuck.contains(&lane) {
                continue;
            }
            if let Err(error) = self.deliver(place, bots).await {
                stuck.insert(lane);
                failed.push(error);
            }
        }
        Ok(failed)
    }
}

impl Lanes {
    async fn load(&mut self, kit: &Kit) -> Result<(), StoreError> {
        while self.loaded < OUTBOX_LOADED_MAX {
            let scan = Scan::all().from(&self.loaded_to.next()).limit(OUTBOX_PAGE);
            let page = kit.0.store.scan(&OUTBOX, scan).await?;
            for (place, parcel) in &page {
                let lane = self.lanes.entry(parcel.lane(kit.server_name())).or_default();
                lane.places.push_back(*place);
                lane.is_far |= parcel.is_far(kit.server_name());
                self.loaded += 1;
                self.loaded_to = *place;
            }
            if page.len() < OUTBOX_PAGE {
                break;
            }
        }
        metrics::gauge!("bots_outbox_loaded").set(self.loaded as f64);
        Ok(())
    }

    fn start(&mut self, kit: &Kit, bots: &Bots, under_way: &mut JoinSet<Outcome>) {
        let now = Instant::now();
        let mut far = self.lanes.values().filter(|lane| lane.is_busy && lane.is_far).count();
        for (name, lane) in &mut self.lanes {
            if under_way.len() >= LANES_AT_ONCE {
                return;
            }
            let is_due = lane.not_before.is_none_or(|at| at <= now);
            // Servers that do not answer leave room for everything else.
            let has_room = !lane.is_far || far < FAR_LANES_AT_ONCE;
            let (Some(place), false, true) = (lane.places.front().copied(), lane.is_busy, is_due && has_room)
            else {
                continue;
            };
            lane.is_busy = true;
            far += usize::from(lane.is_far);
            lane.comings = *kit.0.comings.borrow();
            let (kit, bots, name) = (kit.clone(), bots.clone(), name.clone());
            under_way.spawn(async move {
                let outcome = Box::pin(kit.deliver(place, &bots)).await;
                (name, outcome)
            });
        }
    }

    fn ended(&mut self, name: &str, outcome: Result<(), Undelivered>, kit: &Kit) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.is_busy = false;
        match outcome {
            Ok(()) => {
                lane.places.pop_front();
                self.loaded = self.loaded.saturating_sub(1);
                (lane.failures, lane.not_before) = (0, None);
                if lane.places.is_empty() {
                    self.lanes.remove(name);
                }
            }
            Err(error) => {
                lane.failures = lane.failures.saturating_add(1);
                lane.awaits_coming = matches!(error, Undelivered::OnTheWay(..));
                if lane.awaits_coming && lane.comings != *kit.0.comings.borrow() {
                    // Perhaps it came while it was looked for.
                    lane.not_before = None;
                    return;
                }
                let wait = wait(&error, lane.failures, kit);
                lane.not_before = Some(Instant::now() + wait);
                let wait_ms = wait.as_millis();
                tracing::debug!(%error, lane = name, wait_ms, "a delivery failed; will try again");
            }
        }
    }

    /// A bot has come into a room: what waited for that is tried at once.
    fn somebody_came(&mut self) {
        for lane in self.lanes.values_mut().filter(|lane| lane.awaits_coming) {
            (lane.awaits_coming, lane.not_before) = (false, None);
        }
    }

    /// When the next lane has paused long enough. Lanes that are due wait for others to end, not for the time.
    fn next_try(&self) -> Option<Instant> {
        let now = Instant::now();
        let paused = self.lanes.values().filter(|lane| !lane.is_busy);
        paused.filter_map(|lane| lane.not_before).filter(|at| *at > now).min()
    }
}

/// How long to wait after a failure: as long as the homeserver asks for, within a bound, or longer each time.
fn wait(error: &Undelivered, failures: u32, kit: &Kit) -> Duration {
    match error {
        Undelivered::Call(CallError::Limited(Some(asked))) => (*asked).min(LIMITED_MAX),
        Undelivered::Call(_) | Undelivered::OnTheWay(..) | Undelivered::Bot(_) | Undelivered::Refused(_) => {
            pause::after(failures, &kit.0.rng)
        }
    }
}
