//! People who are new, whose names or pictures changed, who left the company, and who came into sight.

use bridge_api::Happened;
use serde_json::{Map, Value};

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

/// Fields of a person that somebody sees here. Of departments nothing is kept, and when a company is arranged anew everybody has others.
const SEEN_HERE: [&str; 5] = ["name", "avatar", "email", "enterprise_email", "status"];

/// Somebody new, as the event has them: nothing older is known that it could undo.
pub fn created(envelope: &Envelope, ours: &Ourselves) -> Result<Became, EventError> {
    let found = envelope.event.get("object").and_then(people::of_contacts);
    let found = found.ok_or_else(|| EventError::missing("object"))?;
    Ok(Became::Arrivals(vec![arrival(envelope, ours, None, Happened::PersonChanged(found))?]))
}

/// Somebody of whom something changed. Events may be seven hours late and come in any order, so who that is now is read again; of a
/// change that nobody sees here, as of a desk or a phone, nothing is read. What changed stands in `old_object`; where that says
/// nothing, anything may have.
pub fn changed(envelope: &Envelope) -> Result<Became, EventError> {
    let now = envelope.event.get("object").unwrap_or(&Value::Null);
    if people::has_left(now) == Some(true) {
        return gone(envelope);
    }
    let found = person(Some(now)).ok_or_else(|| EventError::missing("object"))?;
    let before = envelope.event.get("old_object").and_then(Value::as_object);
    let is_seen = |before: &Map<String, Value>| SEEN_HERE.iter().any(|field| before.contains_key(*field));
    if before.is_some_and(|before| !before.is_empty() && !is_seen(before)) {
        return Ok(Became::Arrivals(Vec::new()));
    }
    Ok(Became::Looks(vec![Look::Person(found.as_str().to_owned())]))
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
