//! Among whom a starter may choose: `role:…`, `dept:/…`, `user:…`.

use std::collections::BTreeMap;

use people::{Chart, DepartmentPath, Person, PersonId};

use super::check::is_word;

/// Those who may be chosen, as a template says it.
enum Selector<'a> {
    /// Who has this role.
    Role(&'a str),
    /// Who works in this department, or below it.
    Department(DepartmentPath),
    /// Who has this employee number.
    User(&'a str),
}

impl<'a> Selector<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        match text.split_once(':')? {
            ("role", role) if is_word(role) => Some(Self::Role(role)),
            ("dept", path) => DepartmentPath::parse(path).map(Self::Department),
            ("user", id) if !id.is_empty() => Some(Self::User(id)),
            _ => None,
        }
    }

    fn means(&self, person: &Person) -> bool {
        match self {
            Self::Role(role) => person.roles.contains(*role),
            Self::Department(above) => person.departments.iter().any(|path| path.is_within(above)),
            Self::User(id) => person.id.0 == *id,
        }
    }

    /// The people whom it means, without a look at everybody.
    fn people<'s, 'c: 's>(&'s self, chart: &'c Chart) -> Box<dyn Iterator<Item = &'c Person> + 's> {
        match self {
            Self::Role(role) => Box::new(chart.in_role(role).iter().filter_map(|id| chart.active(id))),
            Self::Department(above) => {
                let below = chart.departments().filter(|(path, _)| path.is_within(above));
                Box::new(below.flat_map(|(_, found)| &found.members).filter_map(|id| chart.active(id)))
            }
            Self::User(id) => Box::new(chart.active(&PersonId((*id).to_owned())).into_iter()),
        }
    }
}

/// Whether this says among whom may be chosen: `role:…`, `dept:/…`, `user:…`.
pub(super) fn is_selector(text: &str) -> bool {
    Selector::parse(text).is_some()
}

/// Whether somebody is among those who may be chosen: who works here, where `from` is empty.
#[must_use]
pub fn is_meant(from: &[String], person: &Person) -> bool {
    let mut selectors = from.iter().filter_map(|text| Selector::parse(text));
    person.is_active() && (from.is_empty() || selectors.any(|selector| selector.means(person)))
}

/// Those who may be chosen, in the order of their employee numbers; where they are more than `most`, so many of them.
#[must_use]
pub fn candidates<'a>(from: &[String], chart: &'a Chart, most: usize) -> Vec<&'a Person> {
    if from.is_empty() {
        return chart.people().map(AsRef::as_ref).filter(|person| person.is_active()).take(most).collect();
    }
    let mut found = BTreeMap::new();
    let selectors: Vec<Selector<'_>> = from.iter().filter_map(|text| Selector::parse(text)).collect();
    for person in selectors.iter().flat_map(|selector| selector.people(chart)) {
        if found.len() >= most {
            break;
        }
        found.insert(&person.id, person);
    }
    found.into_values().collect()
}
