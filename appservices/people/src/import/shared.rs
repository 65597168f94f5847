//! Ids at other platforms that would be two people's. What is decided there counts for whoever has the id, so it is never a guess
//! whose it is.

use std::collections::BTreeMap;

use super::{RowError, Rule, row::PLATFORMS};
use crate::{Chart, Person, PersonId};

/// An id at a platform: (platform, id there).
type There = (String, String);

/// The rows that are refused because of people who work here two would have the same id at a platform: all but the row of whoever
/// has it already. `listed` are the people of good rows with their lines, `others` those whom no good row names and who stay.
pub(super) fn shared<'a>(
    listed: &'a BTreeMap<PersonId, (u64, Person)>,
    others: impl Iterator<Item = &'a Person>,
    chart: &Chart,
) -> Vec<(PersonId, RowError)> {
    let mut owners: BTreeMap<&There, Vec<&PersonId>> = BTreeMap::new();
    for person in others.chain(listed.values().map(|(_, person)| person)).filter(|person| person.is_active())
    {
        for there in &person.elsewhere {
            owners.entry(there).or_default().push(&person.id);
        }
    }
    let mut refused = Vec::new();
    for ((platform, id), owners) in owners.into_iter().filter(|(_, owners)| owners.len() > 1) {
        let column = PLATFORMS.into_iter().find(|(_, name)| name == platform).map(|(column, _)| column);
        let Some(column) = column else { continue };
        let holder = chart.known_elsewhere(platform, id).map(|person| &person.id);
        for owner in owners.into_iter().filter(|owner| Some(*owner) != holder) {
            if let Some((line, _)) = listed.get(owner) {
                let error = RowError { line: *line, column, value: id.clone(), rule: Rule::Shared };
                refused.push((owner.clone(), error));
            }
        }
    }
    refused
}
