//! What happens to conversations: names, pictures, what they are for, members, ourselves coming and going.

use bridge_api::{Arrival, Happened, Person, limits::PEOPLE_AT_ONCE_MAX};
use serde_json::Value;

use super::{
    Envelope, EventError, Ourselves, arrival,
    fields::{conversation, list, person, text},
};

/// Something that happened to the conversation of the event.
pub fn event(envelope: &Envelope, ours: &Ourselves, what: Happened) -> Result<Arrival, EventError> {
    arrival(envelope, ours, Some(conversation(&envelope.event, "chat_id")?), what)
}

/// Another name, other words about what it is for, another picture. Who may do what in it is nothing to a bridge.
pub fn updated(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let mut arrivals = Vec::new();
    if let Some(name) = changed(&envelope.event, "name").filter(|name| !name.is_empty()) {
        let by = person(envelope.event.get("operator_id"));
        arrivals.push(event(envelope, ours, Happened::Renamed { name: name.to_owned(), by })?);
    }
    let words = changed(&envelope.event, "description").map(str::to_owned);
    let has_other_picture = changed(&envelope.event, "avatar").is_some();
    if words.is_some() || has_other_picture {
        let described = event(envelope, ours, Happened::Described { words, has_other_picture })?;
        let key = ours.key("event", &format!("{}:described", envelope.id))?;
        arrivals.push(Arrival { key, ..described });
    }
    Ok(arrivals)
}

/// What a field is now, if it was something else before. Only what changed has to be there, and more may be.
fn changed<'a>(event: &'a Value, field: &str) -> Option<&'a str> {
    let before = event.get("before_change").map(|before| text(before, field)).unwrap_or_default();
    let after = event.get("after_change")?.get(field)?.as_str()?;
    (after != before).then_some(after)
}

/// People who came.
pub fn joined(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let people: Vec<Person> =
        list(&envelope.event, "users").iter().filter_map(|user| member(user, ours)).collect();
    in_pieces(envelope, ours, &people, |people| Happened::Joined { people: people.to_vec() })
}

/// People who left, were removed, or whose invitation was withdrawn.
pub fn left(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let users = list(&envelope.event, "users").iter();
    let people: Vec<_> = users.filter_map(|user| person(user.get("user_id"))).collect();
    let by = person(envelope.event.get("operator_id")).filter(|by| people != [by.clone()]);
    in_pieces(envelope, ours, &people, |people| Happened::Left { people: people.to_vec(), by: by.clone() })
}

/// Our own bot came or went. A first direct chat is one to which it came.
pub fn bot(envelope: &Envelope, ours: &Ourselves, added: bool) -> Result<Arrival, EventError> {
    let by = person(envelope.event.get("operator_id").or_else(|| envelope.event.get("operator")));
    event(envelope, ours, if added { Happened::BotAdded { by } } else { Happened::BotRemoved { by } })
}

fn member(user: &Value, ours: &Ourselves) -> Option<Person> {
    let mut member = Person::named(person(user.get("user_id"))?, text(user, "name"));
    member.external = ours.is_external(text(user, "tenant_key")) == Some(true);
    Some(member)
}

/// One arrival for each so many people, with keys of their own behind the first.
fn in_pieces<T>(
    envelope: &Envelope,
    ours: &Ourselves,
    people: &[T],
    what: impl Fn(&[T]) -> Happened,
) -> Result<Vec<Arrival>, EventError> {
    let pieces = people.chunks(PEOPLE_AT_ONCE_MAX).enumerate();
    pieces
        .map(|(index, people)| {
            let whole = event(envelope, ours, what(people))?;
            let key =
                if index == 0 { whole.key } else { ours.key("event", &format!("{}:{index}", envelope.id))? };
            Ok(Arrival { key, ..whole })
        })
        .collect()
}
