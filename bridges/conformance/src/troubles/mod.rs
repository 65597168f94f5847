//! Everything that can go wrong: whatever strikes, nothing is lost but what the platform itself loses, nothing is doubled, and what is
//! not done is refused with a reason.

mod coming;
mod connecting;
mod saying;
mod things;

use bridge_api::{Content, ConversationId, MessageId};
use futures_util::future::BoxFuture;

use crate::limits::{BURST, QUIET};
use crate::{FaultKind, Said, Stage};

/// How often a fault strikes in one script.
const STRIKES: u64 = 2;

/// What is tried with a fault of this kind.
pub(crate) fn script(kind: FaultKind) -> for<'a> fn(&'a Stage, &'a str) -> BoxFuture<'a, ()> {
    match kind {
        FaultKind::Inward | FaultKind::Callback => |stage, fault| Box::pin(coming::inward(stage, fault)),
        FaultKind::Severed => |stage, fault| Box::pin(coming::severed(stage, fault)),
        FaultKind::Dropped => |stage, fault| Box::pin(coming::dropped(stage, fault)),
        FaultKind::Forgotten => |stage, fault| Box::pin(coming::forgotten(stage, fault)),
        FaultKind::Told => |stage, fault| Box::pin(coming::told(stage, fault)),
        FaultKind::Connecting => |stage, fault| Box::pin(connecting::connecting(stage, fault)),
        FaultKind::Broken => |stage, fault| Box::pin(connecting::broken(stage, fault)),
        FaultKind::Misconfigured => |stage, fault| Box::pin(connecting::misconfigured(stage, fault)),
        FaultKind::Outward => |stage, fault| Box::pin(saying::outward(stage, fault)),
        FaultKind::Unknown => |stage, fault| Box::pin(saying::unknown(stage, fault)),
        FaultKind::Swallowed => |stage, fault| Box::pin(saying::swallowed(stage, fault)),
        FaultKind::Refused => |stage, fault| Box::pin(saying::refused(stage, fault)),
        FaultKind::Limited => |stage, fault| Box::pin(saying::limited(stage, fault)),
        FaultKind::Downloading => |stage, fault| Box::pin(things::downloading(stage, fault)),
        FaultKind::Uploading => |stage, fault| Box::pin(things::uploading(stage, fault)),
        FaultKind::Listing => |stage, fault| Box::pin(things::listing(stage, fault)),
        FaultKind::Pressing => |stage, fault| Box::pin(things::pressing(stage, fault)),
    }
}

/// What is tried on a stage.
type Script = for<'a> fn(&'a Stage) -> BoxFuture<'a, ()>;

/// What goes wrong on our own side: the store is full, the process dies, or it runs twice.
pub(crate) const OWN: &[(&str, Script)] = &[
    ("the inbox refuses", |stage| Box::pin(coming::refusing(stage))),
    ("the connector is killed", |stage| Box::pin(connecting::killed(stage))),
    ("the connection is closed", |stage| Box::pin(connecting::disconnected(stage))),
    ("another program connects as ours", |stage| Box::pin(connecting::rivalled(stage))),
];

async fn burst(stage: &Stage, group: &ConversationId, round: &str) -> Vec<MessageId> {
    let mut ids = Vec::new();
    for number in 0..BURST {
        let person = if number % 2 == 0 { "zhang" } else { "li" };
        ids.push(stage.platform.say(person, group, Said::Text(format!("{round} {number}"))).await);
    }
    ids
}

/// Waits for all and looks that each came once and as it was said.
async fn all_came_once(stage: &Stage, ids: &[MessageId]) {
    all_came_once_beside(stage, ids, None).await;
}

/// The same where one message more may have come, or may not.
async fn all_came_once_beside(stage: &Stage, ids: &[MessageId], perhaps: Option<&MessageId>) {
    for id in ids {
        let (arrival, message) = stage.heard(id).await;
        assert!(matches!(message.parts.as_slice(), [Content::Text(_)]), "{arrival:?}");
    }
    tokio::time::sleep(QUIET).await;
    let heard = stage.inbox.messages().into_iter().map(|message| message.id);
    let mut heard: Vec<_> = heard.filter(|id| Some(id) != perhaps).collect();
    heard.sort();
    let mut said = ids.to_vec();
    said.sort();
    assert_eq!(heard, said);
}

/// Waits until a fault struck.
async fn struck(stage: &Stage, fault: &str) {
    stage.until("the fault strikes", || stage.platform.has_struck(fault)).await;
}
