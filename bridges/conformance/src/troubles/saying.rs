//! What goes wrong while we say something.

use std::time::Duration;

use bridge_api::{Content, ConversationId, FailureKind, Outgoing, RichText};

use super::STRIKES;
use crate::Stage;
use crate::stage::outgoing;

/// A limit that is told this long counts minutes, and is not waited for within a case.
const LONG: Duration = Duration::from_secs(20);

fn words(here: &ConversationId, key: &str) -> Outgoing {
    outgoing(here, key, Content::Text(RichText::plain(&format!("句 {key}"))))
}

/// Looks that a conversation shows just this.
async fn shows(stage: &Stage, here: &ConversationId, expected: &[&str]) {
    let shown: Vec<String> = stage.platform.shows(here).await.into_iter().map(|shown| shown.text).collect();
    assert_eq!(shown.len(), expected.len(), "{shown:?}");
    for (text, key) in shown.iter().zip(expected) {
        assert!(text.contains(&format!("句 {key}")), "{shown:?}");
    }
}

pub(super) async fn outward(stage: &Stage, fault: &str) {
    let here = stage.platform.stricken(fault).await;
    stage.send(&words(&here, "first")).await;
    stage.platform.fail(fault, STRIKES).await;
    for key in ["k0", "k1", "k2", "k3"] {
        stage.send(&words(&here, key)).await;
    }
    assert!(stage.platform.has_struck(fault).await);
    shows(stage, &here, &["first", "k0", "k1", "k2", "k3"]).await;
}

/// Nobody knows whether it was done, and the platform knows no repeat: it is never done twice, and who said it is told so.
pub(super) async fn unknown(stage: &Stage, fault: &str) {
    let here = stage.platform.stricken(fault).await;
    stage.send(&words(&here, "first")).await;
    stage.platform.fail(fault, 1).await;
    let doubtful = words(&here, "doubtful");
    for restarts in [false, true] {
        if restarts {
            stage.restart().await;
        }
        let sent = stage.insist(|| async { stage.connector().send(&doubtful).await }).await;
        let failure = sent.expect_err("nobody knows");
        assert!(failure.to_string().contains("did not say whether"), "{failure}");
    }
    assert_eq!(stage.platform.struck(fault).await, 1, "it is asked for once");
    stage.send(&words(&here, "next")).await;
    let shown = stage.platform.shows(&here).await;
    let of = |key: &str| shown.iter().filter(|shown| shown.text.contains(&format!("句 {key}"))).count();
    assert_eq!((of("first"), of("next")), (1, 1), "{shown:?}");
    assert!(of("doubtful") <= 1, "{shown:?}");
}

/// Nobody can know of it: no more than that is lost, and it is not said again by itself.
pub(super) async fn swallowed(stage: &Stage, fault: &str) {
    let here = stage.platform.stricken(fault).await;
    stage.send(&words(&here, "first")).await;
    stage.platform.fail(fault, 1).await;
    let swallowed = stage.send(&words(&here, "swallowed")).await;
    assert_eq!(stage.platform.struck(fault).await, 1);
    assert_eq!(stage.send(&words(&here, "swallowed")).await, swallowed, "a repeat says nothing");
    stage.send(&words(&here, "next")).await;
    shows(stage, &here, &["first", "next"]).await;
}

/// What will never be done is refused at once with a reason, is not there, and holds up nothing.
pub(super) async fn refused(stage: &Stage, fault: &str) {
    let here = stage.platform.stricken(fault).await;
    stage.send(&words(&here, "first")).await;
    stage.platform.fail(fault, 1).await;
    let refused = words(&here, "refused");
    let sent = stage.insist(|| async { stage.connector().send(&refused).await }).await;
    let failure = sent.expect_err("it is refused");
    assert!(matches!(failure.kind, FailureKind::Refused(_)), "{failure}");
    assert!(stage.platform.has_struck(fault).await);
    stage.send(&words(&here, "next")).await;
    shows(stage, &here, &["first", "next"]).await;
}

/// Who asks too often is told how long to stay away, does so without asking again, and nobody else has to wait.
pub(super) async fn limited(stage: &Stage, fault: &str) {
    let here = stage.platform.stricken(fault).await;
    stage.send(&words(&here, "first")).await;
    // Once: whoever asked again would get what they ask for.
    stage.platform.fail(fault, 1).await;
    let late = words(&here, "late");
    for _ in 0..3 {
        let failure = stage.connector().send(&late).await.expect_err("it is too much");
        let is_long = matches!(failure.kind, FailureKind::Limited { after, .. } if after > LONG);
        assert!(is_long, "{failure}");
    }
    assert!(stage.platform.has_struck(fault).await);
    let beside = stage.platform.beside().await;
    stage.send(&words(&beside, "beside")).await;
    shows(stage, &here, &["first"]).await;
    shows(stage, &beside, &["beside"]).await;
}
