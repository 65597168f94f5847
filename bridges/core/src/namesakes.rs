//! Who is called like a colleague, or like a member of a bound room, and is somebody else: from another company with the same name,
//! or with letters that only look the same.

use std::{collections::HashMap, sync::Arc};

use bridge_api::{Network, Person};
use store::StoreError;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    Bridges, Staff,
    alike::{Seen, letters},
    limits::{COLLEAGUE_NAMES_MAX, NAMESAKES_FRESH},
    names::{Namesake, modest},
    tables::PEOPLE,
};

/// The letters of names, by each way in which these are seen.
type Index = HashMap<String, Vec<String>>;

/// What colleagues are called, by what it looks like.
#[derive(Default)]
pub(crate) struct Namesakes(Mutex<Option<(Instant, Arc<Index>)>>);

impl Namesakes {
    /// Whether a name is to be told from that of a colleague: somebody of the same company may well be called the same, and nobody
    /// by chance with letters of another script.
    async fn are_there(&self, staff: &Arc<dyn Staff>, name: &str, is_external: bool) -> bool {
        let index = self.fresh(staff).await;
        let name = modest(name);
        let written = letters(&name);
        let mut alike = keys(&name).into_iter().filter_map(|key| index.get(&key)).flatten();
        alike.any(|colleague| is_external || *colleague != written)
    }

    /// The index; one at a time is built anew, and beside the lanes: of many colleagues that takes seconds.
    async fn fresh(&self, staff: &Arc<dyn Staff>) -> Arc<Index> {
        let mut known = self.0.lock().await;
        if let Some((_, fresh)) = known.as_ref().filter(|(at, _)| at.elapsed() < NAMESAKES_FRESH) {
            return Arc::clone(fresh);
        }
        let staff = Arc::clone(staff);
        let built = tokio::task::spawn_blocking(move || index(staff.names())).await;
        let built =
            built.inspect_err(|error| tracing::error!(%error, "the names of colleagues cannot be read"));
        let built = Arc::new(built.unwrap_or_default());
        // A staff list that is not there yet has nobody on it, and may be there at the next look.
        *known = (!built.is_empty()).then(|| (Instant::now(), Arc::clone(&built)));
        built
    }
}

fn index(names: Vec<String>) -> Index {
    let mut index = Index::new();
    for name in names.iter().take(COLLEAGUE_NAMES_MAX).map(|name| modest(name)) {
        let written = letters(&name);
        for key in keys(&name) {
            let alike = index.entry(key).or_default();
            if !alike.contains(&written) {
                alike.push(written.clone());
            }
        }
    }
    index
}

/// By what a name is found: each way in which it is seen, apart from the other.
pub(crate) fn keys(name: &str) -> Vec<String> {
    let seen = Seen::of(name);
    let ways = seen.ways().iter().enumerate().filter(|(_, way)| !way.is_empty());
    ways.map(|(number, way)| format!("{number}{way}")).collect()
}

impl Bridges {
    /// Whose name somebody of a platform has, who is nobody whom the staff list or a binding knows: a colleague's, or that of a member
    /// of a bound room.
    pub(crate) async fn namesake_of(
        &self,
        network: Network,
        person: &Person,
        is_external: bool,
    ) -> Result<Option<Namesake>, StoreError> {
        let staff = self.0.ports.staff.as_ref();
        if staff.is_some_and(|staff| staff.account(network, person.id.as_str()).is_some()) {
            return Ok(None);
        }
        let is_colleagues = match staff {
            Some(staff) => self.0.namesakes.are_there(staff, &person.name, is_external).await,
            None => false,
        };
        let like = if is_colleagues {
            Namesake::Colleague
        } else if self.0.switchboard.member_names.are_there(&person.name, is_external) {
            Namesake::Member
        } else {
            return Ok(None);
        };
        let is_bound = self.0.store.exists(&PEOPLE, &(network.key(), person.id.as_str())).await?;
        Ok((!is_bound).then_some(like))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::tests::marks::List;

    #[tokio::test]
    async fn the_same_name_is_told_apart_outside_and_letters_that_look_the_same_everywhere() {
        let namesakes = Namesakes::default();
        let staff: Arc<dyn Staff> = Arc::new(List::default());
        for (name, is_external, expected) in [
            ("张三", true, true),
            ("张三（外部）", true, true),
            ("张三", false, false),
            ("Аnnа Li", false, true),
            ("ANNA LI", false, false),
            ("Anna  Li", false, false),
            ("Anna Li", false, false),
            ("Anna Li", true, true),
            ("Anna Lin", true, false),
            ("李四", true, false),
            ("", true, false),
        ] {
            let is_there = namesakes.are_there(&staff, name, is_external).await;
            assert_eq!(is_there, expected, "{name} {is_external}");
        }
    }

    #[tokio::test]
    async fn a_staff_list_that_was_not_there_at_the_first_look_is_read_at_the_next() {
        let (namesakes, list) = (Namesakes::default(), Arc::new(List::default()));
        let staff: Arc<dyn Staff> = list.clone();
        for (is_away, expected) in [(true, false), (false, true), (true, true)] {
            list.is_away.store(is_away, Ordering::Relaxed);
            assert_eq!(namesakes.are_there(&staff, "张三", true).await, expected, "away: {is_away}");
        }
    }
}
