//! Batches that are built anew, because what they rest on has changed before their commit.

use std::future::Future;

use store::StoreError;

use crate::{BridgeError, limits::CONFLICTS_MAX};

/// Makes the attempt until nobody else was first.
///
/// # Errors
/// What the attempt fails with; a conflict only after [`CONFLICTS_MAX`] of them.
pub(crate) async fn until_undisturbed<T, Attempt>(attempt: impl Fn() -> Attempt) -> Result<T, BridgeError>
where
    Attempt: Future<Output = Result<T, BridgeError>>,
{
    for _ in 1..CONFLICTS_MAX {
        match attempt().await {
            Err(BridgeError::Store(StoreError::Conflict)) => {}
            outcome => return outcome,
        }
    }
    attempt().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn an_attempt_is_made_again_until_nobody_was_first_and_not_for_ever() {
        for (conflicts, attempts, succeeds) in [
            (0, 1, true),
            (2, 3, true),
            (CONFLICTS_MAX - 1, CONFLICTS_MAX, true),
            (100, CONFLICTS_MAX, false),
        ] {
            let made = AtomicUsize::new(0);
            let outcome = until_undisturbed(|| async {
                match made.fetch_add(1, Ordering::Relaxed) {
                    before if before < conflicts => Err(BridgeError::Store(StoreError::Conflict)),
                    _ => Ok(()),
                }
            })
            .await;
            assert_eq!((made.into_inner(), outcome.is_ok()), (attempts, succeeds), "{conflicts} conflicts");
        }
    }
}
