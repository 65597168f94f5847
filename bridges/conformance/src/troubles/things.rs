//! What goes wrong with files, cards and lists of people.

use std::collections::BTreeSet;

use bridge_api::{Content, Cursor, FailureKind, FileKind, Page, Person, Refusal};

use super::struck;
use crate::abilities::{files, inward};
use crate::limits::PAGES_MAX;
use crate::{Said, Stage};

/// A file is given out whole or with a failure, never as something else; what went wrong once goes well the next time.
pub(super) async fn downloading(stage: &Stage, fault: &str) {
    let group = stage.platform.group("trouble").await;
    let (given, _) = files::file_of(stage, stage.platform.stricken_file(fault));
    let id = stage.platform.say("zhang", &group, Said::File(given.clone())).await;
    let (_, message) = stage.heard(&id).await;
    let Some(Content::File(file)) = message.parts.first() else { panic!("{:?}", message.parts) };
    stage.platform.fail(fault, 1).await;
    match files::fetched(stage, &group, &id, file).await {
        Ok(bytes) => assert!(bytes == given.bytes, "{} bytes", bytes.len()),
        Err(failure) => {
            let is_gone = failure.kind == FailureKind::Refused(Refusal::Gone);
            assert!(failure.passes() || is_gone, "{failure}");
        }
    }
    struck(stage, fault).await;
    let again = stage.insist(|| files::fetched(stage, &group, &id, file)).await.expect("it is given out");
    assert!(again == given.bytes, "{} bytes", again.len());
}

pub(super) async fn uploading(stage: &Stage, fault: &str) {
    stage.platform.fail(fault, 1).await;
    files::is_sent(stage, FileKind::File).await;
    struck(stage, fault).await;
}

pub(super) async fn pressing(stage: &Stage, fault: &str) {
    stage.platform.fail(fault, 1).await;
    inward::a_pressed_button_tells_who_and_what(stage).await;
    struck(stage, fault).await;
}

/// The people at the top of the company, each by id and name.
async fn people(stage: &Stage) -> Vec<(String, String)> {
    let connector = stage.connector();
    let directory = connector.directory().expect("a connector with a directory");
    let (mut found, mut from): (Vec<Person>, Option<Cursor>) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page: Page<Person> =
            stage.insist(|| directory.people("1", from.as_ref())).await.expect("a page of people");
        found.extend(page.items);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    found.into_iter().map(|person| (person.id.to_string(), person.name)).collect()
}

/// People are read however they are written; whoever a page leaves out is there the next time, and nobody is there twice.
pub(super) async fn listing(stage: &Stage, fault: &str) {
    let all: BTreeSet<_> = people(stage).await.into_iter().collect();
    assert!(all.iter().any(|(_, name)| name == "张三") && all.len() >= 2, "{all:?}");
    stage.platform.fail(fault, 1).await;
    let found = people(stage).await;
    struck(stage, fault).await;
    let once: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!(once.len(), found.len(), "{found:?}");
    let is_short = fault.ends_with("page_short");
    assert!(if is_short { once.is_subset(&all) } else { once == all }, "{found:?}");
    assert_eq!(people(stage).await.into_iter().collect::<BTreeSet<_>>(), all);
}
