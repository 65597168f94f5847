use std::collections::BTreeSet;

use base::{Clock, Rng};
use ruma::owned_server_name;
use store::{Batch, Identity, MemoryKv, Store, StoreError};

use super::{entry, signer};
use crate::{tables::RECORD, *};

async fn cases() -> (Cases, Store) {
    let clock = Clock::fake(1_793_836_800_000);
    let name = owned_server_name!("corp.example");
    let engine = std::sync::Arc::new(MemoryKv::new());
    let store = Store::open(engine, tables(), Identity::new(&name, &clock), Vec::new()).await.unwrap();
    let parts = CasesParts {
        store: store.clone(),
        clock,
        rng: Rng::seeded(7),
        signer: signer(),
        known: PublicKeys::default(),
    };
    (Cases::new(parts), store)
}

fn decided(mut case: Case<String>, what: &str, lists: &[(&str, &str)]) -> Decision<String, ()> {
    case.data = what.to_owned();
    case.lists =
        lists.iter().map(|(list, who)| ((*list).to_owned(), (*who).to_owned())).collect::<BTreeSet<_>>();
    Decision { case, entries: vec![entry(what, 1)], effects: Vec::new() }
}

async fn begun(cases: &Cases, store: &Store) -> Case<String> {
    let mut batch = Batch::new();
    let beginning = Beginning {
        kind: "approval",
        prefix: "AP",
        day: "20261105",
        state: "draft",
        origin: hash_of(b"template"),
        data: String::new(),
    };
    let case = cases.begin(&mut batch, beginning).await.unwrap();
    let (case, ..) = cases.write(&mut batch, None, decided(case, "submit", &[("todo", "E1")])).unwrap();
    store.commit(batch).await.unwrap();
    case
}

#[tokio::test]
async fn numbers_of_a_day_count_up_and_find_their_case() {
    let (cases, store) = cases().await;
    let one = begun(&cases, &store).await;
    let two = begun(&cases, &store).await;
    assert_eq!((one.no.as_str(), two.no.as_str()), ("AP-20261105-0001", "AP-20261105-0002"));
    assert_eq!(cases.by_number(&two.no).await.unwrap(), Some(two.id.clone()));
    assert_eq!(cases.listed("approval", "todo", "E1").await.unwrap(), [two.id.clone(), one.id.clone()]);
    assert_eq!(cases.get::<String>(&one.id).await.unwrap(), Some(one));
}

#[tokio::test]
async fn of_two_decisions_on_the_same_case_one_wins() {
    let (cases, store) = cases().await;
    let case = begun(&cases, &store).await;
    let mut batches = Vec::new();
    for what in ["approve", "reject"] {
        let mut batch = Batch::new();
        cases.write(&mut batch, Some(&case), decided(case.clone(), what, &[("done", "E1")])).unwrap();
        batches.push(batch);
    }
    let second = batches.pop().unwrap();
    store.commit(batches.pop().unwrap()).await.unwrap();
    assert!(matches!(store.commit(second).await, Err(StoreError::Conflict)));
    let now: Case<String> = cases.get(&case.id).await.unwrap().unwrap();
    assert_eq!((now.data.as_str(), now.seq, now.rev), ("approve", 2, 2));
    assert!(cases.listed("approval", "todo", "E1").await.unwrap().is_empty());
    assert_eq!(cases.listed("approval", "done", "E1").await.unwrap(), [case.id]);
}

#[tokio::test]
async fn what_a_case_has_no_room_for_leaves_nothing_in_the_batch() {
    let (cases, store) = cases().await;
    let case = begun(&cases, &store).await;
    let mut batch = Batch::new();
    let large = decided(case.clone(), &"x".repeat(limits::CASE_DATA_BYTES_MAX), &[]);
    let refused = cases.write(&mut batch, Some(&case), large);
    assert!(matches!(refused, Err(CasesError::Full(_))));
    assert!(batch.is_empty(), "a record without its case would break the chain");
}

#[tokio::test]
async fn the_stored_chain_is_walked_to_the_end_the_case_knows() {
    let (cases, store) = cases().await;
    let mut case = begun(&cases, &store).await;
    for what in ["comment", "approve"] {
        let mut batch = Batch::new();
        (case, ..) = cases.write(&mut batch, Some(&case), decided(case.clone(), what, &[])).unwrap();
        store.commit(batch).await.unwrap();
    }
    let origin = hash_of(b"template");
    let verified = cases.verify(&case, &origin).await.unwrap().unwrap();
    assert_eq!((verified.records, verified.last), (3, case.head.clone()));

    // Somebody takes the last record out of the store.
    let mut batch = Batch::new();
    batch.delete(&RECORD, &(case.id.clone(), 3));
    store.commit(batch).await.unwrap();
    let broken = cases.verify(&case, &origin).await.unwrap().unwrap_err();
    assert_eq!((broken.seq, broken.fault), (3, Fault::Missing));
}

#[tokio::test]
async fn an_event_finds_the_cases_that_rest_on_it() {
    let (cases, store) = cases().await;
    let case = begun(&cases, &store).await;
    let source = entry("submit", 1).source.unwrap().event_id;
    let made_from = ruma::event_id!("$message");
    let mut batch = Batch::new();
    cases.rests_on(&mut batch, &case, made_from);
    store.commit(batch).await.unwrap();
    assert_eq!(cases.resting_on("approval", &source).await.unwrap(), [(case.id.clone(), 1)]);
    assert_eq!(cases.resting_on("approval", made_from).await.unwrap(), [(case.id, 0)]);
    assert!(cases.resting_on("task", &source).await.unwrap().is_empty());
    assert!(cases.resting_on("approval", ruma::event_id!("$other")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_list_is_read_by_pages_the_newest_first() {
    let (cases, store) = cases().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, begun(&cases, &store).await.id);
    }
    let listed = |before: Option<String>| {
        let cases = cases.clone();
        async move { cases.listed_before("approval", "todo", "E1", before.as_deref()).await.unwrap() }
    };
    let all = listed(None).await;
    assert_eq!(all.iter().collect::<BTreeSet<_>>(), ids.iter().collect::<BTreeSet<_>>());
    assert_eq!(listed(Some(all[0].clone())).await, all[1..]);
    assert!(listed(Some(all[2].clone())).await.is_empty());
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named_by_its_place() {
    let (cases, store) = cases().await;
    let mut case = begun(&cases, &store).await;
    let mut batch = Batch::new();
    (case, ..) = cases.write(&mut batch, Some(&case), decided(case.clone(), "comment", &[])).unwrap();
    store.commit(batch).await.unwrap();
    let origin = hash_of(b"template");
    // The later one is spoiled first: what is broken before it is the first then.
    for seq in [2, 1] {
        let mut batch = Batch::new();
        batch.put(&RECORD, &(case.id.clone(), seq), &"{".to_owned());
        store.commit(batch).await.unwrap();
        let broken = cases.verify(&case, &origin).await.unwrap().unwrap_err();
        assert!(broken.seq == seq && matches!(broken.fault, Fault::Form(_)), "{broken}");
        let unread = cases.records(&case.id).await.unwrap_err();
        assert!(unread.to_string().contains(&format!("record {seq} cannot be read")), "{unread}");
    }
}
