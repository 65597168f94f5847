//! The rooms that a chart asks for.

use std::collections::BTreeSet;

use people::{Chart, DepartmentPath, DepartmentVisibility, PersonId};
use ruma::OwnedUserId;

use crate::limits::DEPARTMENTS_MAX;

/// The key of the space of everybody.
pub(crate) const COMPANY: &str = "company";

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Space,
    Notice,
    Talk,
    Support,
}

/// A room as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub key: String,
    pub parent: Option<String>,
    pub purpose: Use,
    /// What it is about; empty for the company.
    pub name: String,
    pub members: BTreeSet<OwnedUserId>,
    pub heads: BTreeSet<OwnedUserId>,
    /// Who finds it; of rooms in a space, whoever finds that.
    pub visibility: DepartmentVisibility,
}

/// The rooms of a chart, each behind the space that it is in.
pub(super) fn wanted(chart: &Chart) -> Vec<Wanted> {
    let accounts = |people: &mut dyn Iterator<Item = &PersonId>| -> BTreeSet<OwnedUserId> {
        people.filter_map(|id| chart.active(id)?.account.clone()).collect()
    };
    let everybody: BTreeSet<OwnedUserId> = chart
        .people()
        .filter(|person| person.is_active())
        .filter_map(|person| person.account.clone())
        .collect();
    if everybody.is_empty() {
        return Vec::new();
    }
    let heads_of = |path: &DepartmentPath, heads: &[PersonId]| {
        let stand_ins = chart.stand_ins(path);
        accounts(&mut heads.iter().chain(&stand_ins))
    };
    let top = chart.departments().filter(|(path, _)| path.parent().is_none());
    let leaders: BTreeSet<OwnedUserId> = top.flat_map(|(path, found)| heads_of(path, &found.heads)).collect();
    let room = |key: String, parent: Option<String>, purpose, name: &str, members, heads| Wanted {
        key,
        parent,
        purpose,
        name: name.to_owned(),
        members,
        heads,
        visibility: DepartmentVisibility::Internal,
    };
    let mut rooms = vec![room(COMPANY.to_owned(), None, Use::Space, "", everybody.clone(), leaders.clone())];
    for (what, purpose) in [("notice", Use::Notice), ("support", Use::Support)] {
        let key = format!("{COMPANY}/{what}");
        let parent = Some(COMPANY.to_owned());
        rooms.push(room(key, parent, purpose, "", everybody.clone(), leaders.clone()));
    }
    // In the order of paths, where what is above comes first.
    for (path, department) in chart.departments().take(DEPARTMENTS_MAX) {
        let space = key_of(path);
        let parent = path.parent().map_or_else(|| COMPANY.to_owned(), |above| key_of(&above));
        let heads = heads_of(path, &department.heads);
        let mut members = accounts(&mut department.members.iter());
        members.extend(heads.iter().cloned());
        let made = room(space.clone(), Some(parent), Use::Space, path.name(), members.clone(), heads.clone());
        rooms.push(Wanted { visibility: chart.visibility_of(path), ..made });
        for (what, purpose) in [("notice", Use::Notice), ("talk", Use::Talk)] {
            let key = format!("{space}\n{what}");
            rooms.push(room(key, Some(space.clone()), purpose, path.name(), members.clone(), heads.clone()));
        }
    }
    rooms
}

/// The key of a department's space, as a place of this bot. A line ends it, which no name of a department has.
#[must_use]
pub fn key_of(path: &DepartmentPath) -> String {
    format!("dept/{}", path.as_str())
}
