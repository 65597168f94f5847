//! Who left their company while nobody listened, or of whom the news was lost: asked for who is here, at each connection and once a day,
//! where the platform tells it for certain.

use std::collections::BTreeSet;

use base::Shutdown;
use bridge_api::{Arrival, Directory, EventKey, Happened, Network, PersonId};
use store::{Scan, StoreError};

use crate::{
    Bridges,
    backfill::patient,
    bridges::Seat,
    limits::{
        LEAVERS_ASKED_MAX, LEAVERS_FAILURES_MAX, LEAVERS_INTERVAL, LEAVERS_PAGE, LEAVERS_PART,
        LEAVERS_PAUSE_MIN, LEAVERS_STEP, LEAVERS_SURE, LEAVERS_UNTOLD_MAX,
    },
    rounds::Rounds,
    tables::{GHOST_ROOMS, PEOPLE},
};

/// What a round found.
#[derive(Default)]
struct Found {
    /// Of how many the platform told how they stand.
    told: usize,
    /// Of how many it did not.
    untold: usize,
    left: Vec<PersonId>,
}

impl Found {
    /// Whether so few left that they are leavers, and no mistake of settings that makes everybody a stranger.
    fn is_likely(&self) -> bool {
        self.left.len() <= LEAVERS_SURE.max(self.told / LEAVERS_PART)
    }
}

impl Bridges {
    /// Asks from time to time, until the shutdown.
    pub(crate) async fn keep_asking_for_people(&self, seat: &Seat, shutdown: &Shutdown) {
        let Some(directory) = seat.connector.directory() else { return };
        let rounds = Rounds { every: LEAVERS_INTERVAL, pause_min: LEAVERS_PAUSE_MIN };
        let round = || Box::pin(self.ask_who_left(seat.network, directory)) as _;
        rounds.keep(seat, shutdown, round).await;
    }

    async fn ask_who_left(&self, network: Network, directory: &dyn Directory) {
        let here = match self.people_here(network).await {
            Ok(here) => here,
            Err(error) => {
                tracing::warn!(%error, "it is not known who is here; who left is asked for another time");
                return;
            }
        };
        let Some(found) = self.look_who_left(directory, here).await else { return };
        if !found.is_likely() {
            let (left, told) = (found.left.len(), found.told);
            tracing::error!(
                network = network.key(),
                left,
                told,
                "so many are said to have left the company that none is taken for gone"
            );
            return;
        }
        for person in found.left {
            if let Err(error) = self.take_leaver(network, person).await {
                tracing::warn!(%error, "somebody who left is not noted; they are asked for again");
            }
        }
    }

    /// One after the other: nobody waits for it. Nothing where the platform has other troubles.
    async fn look_who_left(&self, directory: &dyn Directory, here: BTreeSet<PersonId>) -> Option<Found> {
        let (mut found, mut failures) = (Found::default(), 0);
        for person in here {
            match patient(|| directory.has_left(&person)).await {
                Ok(Some(has_left)) => {
                    found.told += 1;
                    found.left.extend(has_left.then_some(person));
                }
                Ok(None) => found.untold += 1,
                Err(failure) if failure.passes() => {
                    tracing::warn!(%failure, "whether somebody left the company cannot be asked; will try again");
                    failures += 1;
                    if failures == LEAVERS_FAILURES_MAX {
                        return None;
                    }
                }
                Err(failure) => {
                    tracing::debug!(%failure, "whether somebody left the company is not told");
                    found.untold += 1;
                }
            }
            if found.told == 0 && found.untold == LEAVERS_UNTOLD_MAX {
                // The platform tells it of nobody.
                return None;
            }
            tokio::time::sleep(LEAVERS_STEP).await;
        }
        Some(found)
    }

    /// It goes the way of what the platform tells itself.
    async fn take_leaver(&self, network: Network, person: PersonId) -> Result<(), String> {
        let key = EventKey::new(format!("left:{}", self.0.rng.u64())).map_err(|error| error.to_string())?;
        let (at_ms, what) = (self.0.clock.now_ms(), Happened::PersonGone(person));
        let arrival = Arrival { key, conversation: None, at_ms, trace: None, what };
        let taken = self.take(network, vec![arrival], true).await;
        taken.map(drop).map_err(|refused| refused.to_string())
    }

    /// The people of a platform whose accounts are in rooms, and those who are colleagues: so many at most. Robots are in no directory.
    async fn people_here(&self, network: Network) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut here = BTreeSet::new();
        let mut after = None;
        'pages: loop {
            let mut scan = Scan::all().limit(LEAVERS_PAGE);
            if let Some(after) = &after {
                scan = scan.after(after);
            }
            let page = self.0.store.scan_keys(&GHOST_ROOMS, scan).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let mut users: Vec<_> = page.into_iter().map(|(user, _)| user).collect();
            users.dedup();
            for user in users.iter().filter(|user| user.localpart().starts_with(network.ghost_prefix())) {
                let Some(person) = self.person_behind(network, user).await? else { continue };
                if !self.is_robot(network, &person).await? {
                    here.insert(person);
                }
                if here.len() == LEAVERS_ASKED_MAX {
                    break 'pages;
                }
            }
        }
        let bound = Scan::prefix(network.key()).limit(LEAVERS_ASKED_MAX);
        for (_, person) in self.0.store.scan_keys(&PEOPLE, bound).await? {
            here.extend(PersonId::new(person).ok());
        }
        Ok(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_leave_and_everybody_does_not() {
        let found = |told, left: usize| {
            let person = |number| PersonId::new(format!("on_{number}")).expect("valid");
            Found { told, untold: 0, left: (0..left).map(person).collect() }
        };
        assert!(found(5, 5).is_likely(), "a small room");
        assert!(found(1_000, 100).is_likely());
        assert!(!found(1_000, 101).is_likely());
        assert!(!found(LEAVERS_SURE + 1, LEAVERS_SURE + 1).is_likely());
    }
}
