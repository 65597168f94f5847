use std::collections::{BTreeSet, HashSet};

use model::{EventNum, RoomNum, StreamPos};

use super::{Document, Index, Mark, Match, Order, Place, Spot, TextKind, Wanted};
use crate::text::{Segmenter, query_words};

fn document(event: u64, room: u64, text: &str) -> Document {
    Document {
        event: EventNum::new(event),
        room: RoomNum::new(room),
        source: EventNum::new(event),
        sender: "@alice:example.org".to_owned(),
        time_ms: 1_000 + event,
        kind: TextKind::Body,
        has_url: false,
        text: text.to_owned(),
    }
}

fn wanted(term: &str, rooms: &[u64]) -> Wanted {
    Wanted {
        words: query_words(&Segmenter::default(), term),
        rooms: rooms.iter().copied().collect(),
        kinds: vec![TextKind::Body, TextKind::Name, TextKind::Topic],
        senders: None,
        has_url: None,
        order: Order::Recent,
        behind: None,
        limit: 10,
    }
}

fn events(found: &[Match]) -> Vec<u64> {
    found.iter().map(|found| found.event.get()).collect()
}

fn filled(place: &Place, documents: &[Document]) -> Index {
    let index = Index::open(place, &Segmenter::default()).unwrap();
    let mut builder = index.builder().unwrap();
    for document in documents {
        builder.put(document).unwrap();
    }
    let mark = Mark::full(StreamPos::new(7));
    builder.commit(&mark).unwrap();
    index.show(mark).unwrap();
    builder.close().unwrap();
    index
}

#[test]
fn the_newest_come_first_page_by_page_and_only_from_wanted_rooms() {
    let documents: Vec<Document> =
        (1..=9).map(|event| document(event, event % 3, &format!("message {event}"))).collect();
    let index = filled(&Place::Memory, &documents);
    let question = Wanted { limit: 2, ..wanted("message", &[1, 2]) };
    let first = index.matches(&question).unwrap();
    assert_eq!(events(&first), [8, 7]);
    let second = index.matches(&Wanted { behind: Some(first[1].spot), ..question }).unwrap();
    assert_eq!(events(&second), [5, 4]);
    assert!(index.matches(&wanted("message", &[])).unwrap().is_empty());
    assert!(index.matches(&wanted("!?", &[1])).unwrap().is_empty());
}

#[test]
fn the_closest_come_first_by_rank() {
    let long = format!("apple {}", "and many other words about something else ".repeat(5));
    let index = filled(&Place::Memory, &[document(1, 1, "apple apple"), document(2, 1, &long)]);
    let found = index.matches(&Wanted { order: Order::Rank, ..wanted("apple", &[1]) }).unwrap();
    assert_eq!(events(&found), [1, 2]);
    assert!(found[0].rank > found[1].rank);
    let behind = Some(Spot { key: found[0].spot.key, event: found[0].spot.event });
    let rest = index.matches(&Wanted { order: Order::Rank, behind, ..wanted("apple", &[1]) }).unwrap();
    assert_eq!(events(&rest), [2]);
}

#[test]
fn a_document_is_replaced_and_removed_by_its_event_however_often() {
    let index = filled(&Place::Memory, &[document(1, 1, "before")]);
    let mut builder = index.builder().unwrap();
    for _ in 0..3 {
        builder.put(&document(1, 1, "after")).unwrap();
        builder.put(&document(2, 1, "gone after")).unwrap();
        builder.remove(EventNum::new(2));
        builder.put(&document(3, 5, "after in another room")).unwrap();
    }
    builder.remove_room(RoomNum::new(5));
    let mark = Mark::full(StreamPos::new(9));
    builder.commit(&mark).unwrap();
    index.show(mark).unwrap();
    assert!(index.matches(&wanted("before", &[1])).unwrap().is_empty());
    assert_eq!(events(&index.matches(&wanted("after", &[1, 5])).unwrap()), [1]);
    assert_eq!(index.documents(), 1);
}

#[test]
fn kinds_senders_and_urls_are_told_apart() {
    let with_url = Document { has_url: true, ..document(1, 1, "plan") };
    let name = Document { kind: TextKind::Name, sender: "@bob:x".to_owned(), ..document(2, 1, "plan") };
    let index = filled(&Place::Memory, &[with_url, name]);
    let only_names = Wanted { kinds: vec![TextKind::Name], ..wanted("plan", &[1]) };
    assert_eq!(events(&index.matches(&only_names).unwrap()), [2]);
    let only_urls = Wanted { has_url: Some(true), ..wanted("plan", &[1]) };
    assert_eq!(events(&index.matches(&only_urls).unwrap()), [1]);
    let bob = HashSet::from([super::stable_hash(["@bob:x"])]);
    assert_eq!(events(&index.matches(&Wanted { senders: Some(bob), ..wanted("plan", &[1]) }).unwrap()), [2]);
}

#[test]
fn an_index_on_disk_is_found_again_and_a_damaged_one_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().join("index"));
    drop(filled(&place, &[document(1, 1, "北京 kept")]));
    let again = Index::open(&place, &Segmenter::default()).unwrap();
    assert_eq!(again.mark(), Mark::full(StreamPos::new(7)));
    assert_eq!(events(&again.matches(&wanted("kept", &[1])).unwrap()), [1]);
    drop(again);
    std::fs::write(folder.path().join("index/meta.json"), "{ no json").unwrap();
    let new = Index::open(&place, &Segmenter::default()).unwrap();
    assert!(new.mark().is_new());
    assert_eq!(new.documents(), 0);
}

#[test]
fn one_word_more_finds_less() {
    let index = filled(&Place::Memory, &[document(1, 1, "red apple"), document(2, 1, "green apple")]);
    let found = |term: &str| events(&index.matches(&wanted(term, &[1])).unwrap());
    assert_eq!(found("apple"), [2, 1]);
    assert_eq!(found("apple red"), [1]);
    assert!(found("apple red green").is_empty());
    let none: BTreeSet<String> = BTreeSet::new();
    assert!(index.matches(&Wanted { words: none, ..wanted("apple", &[1]) }).unwrap().is_empty());
}
