//! Entries in front of a peer that says what a test tells it to.

mod approvals;
mod meetings;
mod people;
mod rights;
mod todos;

use bridge_api::{Acted, Arrival, EntryHead, EntryKey, Happened, Language, PersonId, double::Basket};
use serde_json::Value;

use crate::tests::peer::Asked;

fn key(text: &str) -> EntryKey {
    EntryKey::new(text).expect("a key")
}

fn person(text: &str) -> PersonId {
    PersonId::new(text).expect("an id")
}

fn head(called: &str, revision: u64) -> EntryHead {
    EntryHead {
        key: key(called),
        revision,
        number: "NO-1".into(),
        title: "Report".into(),
        link: Some("https://chat.example.org/x".into()),
        language: Language::En,
        begun_ms: 1_700_000_000_000,
        changed_ms: 1_700_000_000_000 + revision,
    }
}

fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).expect("JSON")
}

fn acted(inbox: &Basket) -> Vec<(Acted, String)> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::Acted(acted) => Some((acted, arrival.key.to_string())),
        _ => None,
    };
    inbox.taken().into_iter().filter_map(of).collect()
}
