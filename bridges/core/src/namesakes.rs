//! Who is called like a colleague and is somebody else: from another company with the same name, or with letters that only look the
//! same.

use std::collections::HashMap;

use bridge_api::{Network, Person};
use parking_lot::Mutex;
use store::StoreError;
use tokio::time::Instant;

use crate::{
    Bridges, Staff,
    alike::{Seen, letters},
    limits::{COLLEAGUE_NAMES_MAX, NAMESAKES_FRESH},
    names::modest,
    tables::PEOPLE,
};

/// The letters of names, by each way in which these are seen.
type Index = HashMap<String, Vec<String>>;

/// What colleagues are called, by what it looks like.
#[derive(Default)]
pub(crate) struct Namesakes(Mutex<Option<(Instant, Index)>>);

impl Namesakes {
    /// Whether a name is to be told from that of a colleague: somebody of the same company may well be called the same, and nobody
    /// by chance with letters of another script.
    fn are_there(&self, staff: &dyn Staff, name: &str, is_external: bool) -> bool {
        let mut known = self.0.lock();
        let is_fresh = known.as_ref().is_some_and(|(at, _)| at.elapsed() < NAMESAKES_FRESH);
        if !is_fresh {
            *known = Some((Instant::now(), index(staff.names())));
        }
        let Some((_, index)) = known.as_ref() else { return false };
        let name = modest(name);
        let written = letters(&name);
        let mut alike = keys(&name).into_iter().filter_map(|key| index.get(&key)).flatten();
        alike.any(|colleague| is_external || *colleague != written)
    }
}

fn index(names: Vec<String>) -> Index {
    let mut index = Index::new();
    for name in names.iter().take(COLLEAGUE_NAMES_MAX).map(|name| modest(name)) {
        for key in keys(&name) {
            let (written, name) = (index.entry(key).or_default(), letters(&name));
            if !written.contains(&name) {
                written.push(name);
            }
        }
    }
    index
}

/// By what a name is found: each way in which it is seen, apart from the other.
fn keys(name: &str) -> Vec<String> {
    let seen = Seen::of(name);
    let ways = seen.ways().iter().enumerate().filter(|(_, way)| !way.is_empty());
    ways.map(|(number, way)| format!("{number}{way}")).collect()
}

impl Bridges {
    /// Whether somebody of a platform is called like a colleague and is nobody whom the staff list or a binding knows.
    pub(crate) async fn is_namesake(
        &self,
        network: Network,
        person: &Person,
        is_external: bool,
    ) -> Result<bool, StoreError> {
        let Some(staff) = &self.0.ports.staff else { return Ok(false) };
        if staff.account(network, person.id.as_str()).is_some()
            || !self.0.namesakes.are_there(&**staff, &person.name, is_external)
        {
            return Ok(false);
        }
        Ok(!self.0.store.exists(&PEOPLE, &(network.key(), person.id.as_str())).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::marks::List;

    #[tokio::test]
    async fn the_same_name_is_told_apart_outside_and_letters_that_look_the_same_everywhere() {
        let namesakes = Namesakes::default();
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
            assert_eq!(namesakes.are_there(&List, name, is_external), expected, "{name} {is_external}");
        }
    }
}
