//! People whose names or pictures changed, who left the company, and who came into sight.

use bridge_api::Happened;
use serde_json::Value;

use super::{
    Became, Envelope, EventError, Ourselves, arrival,
    fields::{list, person, text},
};
use crate::{
    ids::DepartmentId,
    limits::SCOPE_LOOKS_MAX,
    office::looks::{Leaving, Look},
    person as people,
};

/// What the event itself says of the person. Fields are missing where the app has no right to them, departments
/// always: who needs more asks the directory.
pub fn changed(envelope: &Envelope, ours: &Ourselves) -> Result<Became, EventError> {
    let found = envelope.event.get("object").unwrap_or(&Value::Null);
    if people::has_left(found) == Some(true) {
        return gone(envelope);
    }
    let found = people::of_contacts(found).ok_or_else(|| EventError::missing("object"))?;
    Ok(Became::Arrivals(vec![arrival(envelope, ours, None, Happened::PersonChanged(found))?]))
}

/// Somebody who is said to have left the company: events may be late, so it is read again who that is. What is left of them may
/// stand in either half of the event.
pub fn gone(envelope: &Envelope) -> Result<Became, EventError> {
    let found = ["object", "old_object"].into_iter().find_map(|half| person(envelope.event.get(half)));
    let found = found.ok_or_else(|| EventError::missing("object"))?;
    let (person, event) = (found.as_str().to_owned(), envelope.id.clone());
    Ok(Became::Looks(vec![Look::Leaving(Leaving { person, event, at_ms: envelope.at_ms })]))
}

/// The people and departments whom the app may see from now on. Whom it may see no longer has not left the company, and of them
/// nothing is kept that would have to be forgotten.
pub fn seen(envelope: &Envelope) -> Vec<Look> {
    let added = envelope.event.get("added").unwrap_or(&Value::Null);
    let people = list(added, "users").iter().filter_map(|user| person(Some(user)));
    let people = people.map(|id| Look::Person(id.as_str().to_owned()));
    let department = |one: &Value| DepartmentId::parse(text(one, "open_department_id"));
    let departments = list(added, "departments").iter().filter_map(department);
    let departments = departments.map(|id| Look::Department(id.as_str().to_owned()));
    people.chain(departments).take(SCOPE_LOOKS_MAX).collect()
}
