//! Whom the AI bot hears. A bot that was granted further data permissions was seen to be told of what its creator says and of nobody
//! else's words, without a word about it (section 1 of the platform's traps): who checks the settings is told how many it has heard.

use std::sync::Arc;

use bridge_api::{CheckStep, Failure, PersonId, Shelf, words};
use parking_lot::Mutex;

use crate::limits::HEARD_KEPT_MS;

words! {
    HEARD = "智能机器人能听到不止一人" | "the AI bot hears more than one person";
    NOBODY = "机器人还没有听到任何人：请让两位成员分别 @ 它" | "it has heard nobody yet: have two members address it";
    ONE = "机器人只听到过一个人：请让另一位成员 @ 它；若听不到，请收回机器人的额外数据权限，并检查「可使用的成员」" | "it has heard one person alone: have another member address it, and if it does not hear them take its further data permissions away and look at the members who may use it (可使用的成员)";
    ADVICE = "稍后再试" | "try again in a while";
}

/// Where it lies whom the bot heard.
const ROW: &str = "bot:heard";
/// People who are enough to know that it hears others than its creator.
const ENOUGH: usize = 2;

/// The first people whom the bot heard.
pub struct Hearing {
    shelf: Arc<dyn Shelf>,
    /// Those whom this process knows of; the row may have been written before it began.
    known: Mutex<Vec<PersonId>>,
}

impl Hearing {
    /// Nobody yet but who stands on the shelf.
    pub fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, known: Mutex::default() }
    }

    /// The bot hears somebody. What cannot be written down is heard of again.
    pub async fn heard(&self, person: &PersonId) {
        {
            let known = self.known.lock();
            if known.len() >= ENOUGH || known.contains(person) {
                return;
            }
        }
        let noted = async {
            let mut heard = self.row().await?;
            if heard.len() < ENOUGH && !heard.contains(person) {
                heard.push(person.clone());
                self.shelf.write(ROW, &heard, HEARD_KEPT_MS).await?;
            }
            Ok::<_, Failure>(heard)
        };
        match noted.await {
            Ok(heard) => *self.known.lock() = heard,
            Err(error) => tracing::debug!(%error, "it is not written down whom the bot heard"),
        }
    }

    async fn row(&self) -> Result<Vec<PersonId>, Failure> {
        Ok(self.shelf.read(ROW).await?.unwrap_or_default())
    }

    /// What is known of it, as a step of a check. Few are no fault: nobody else may have said anything.
    pub async fn check(&self) -> CheckStep {
        match self.row().await.map(|heard| heard.len()) {
            Ok(0) => CheckStep::skipped(HEARD, NOBODY),
            Ok(1) => CheckStep::skipped(HEARD, ONE),
            read => CheckStep::tried(HEARD, read.map(|_| String::new()), ADVICE),
        }
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::{CheckOutcome, double::Rows};

    use super::*;

    #[tokio::test]
    async fn a_second_person_shows_that_the_bot_hears_others_than_its_creator() {
        let rows = Arc::new(Rows::default());
        let person = |id: &str| PersonId::new(id).expect("an id");
        let hearing = Hearing::new(rows.clone());
        assert_eq!(hearing.check().await.outcome, CheckOutcome::Skipped(NOBODY));
        for _ in 0..2 {
            hearing.heard(&person("boss")).await;
            assert_eq!(hearing.check().await.outcome, CheckOutcome::Skipped(ONE));
        }
        // After a restart another one is a second one.
        let again = Hearing::new(rows);
        again.heard(&person("li")).await;
        again.heard(&person("wang")).await;
        assert!(again.check().await.works());
        assert!(hearing.check().await.works());
    }
}
