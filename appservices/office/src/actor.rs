//! Who acts, by what, and in which language they are answered.

use cases::{Source, Via};
use kit::{Heard, Kit, texts::Lang};
use people::{Chart, Language, Person, PersonId};
use ruma::OwnedUserId;
use store::StoreError;

/// Who acts, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person; nobody for timers and rules.
    pub person: Option<PersonId>,
    /// Their account.
    pub account: Option<OwnedUserId>,
    /// By what way.
    pub via: Via,
    /// The event by which they act.
    pub source: Option<Source>,
    /// SHA-256 of the signed link by which they act where there is no event, in lower-case hexadecimal.
    pub link: Option<String>,
}

impl Actor {
    /// A timer or a rule.
    #[must_use]
    pub const fn nobody() -> Self {
        Self { person: None, account: None, via: Via::Auto, source: None, link: None }
    }

    /// Whoever sent what was heard.
    #[must_use]
    pub fn of(chart: &Chart, heard: &Heard) -> Self {
        Self {
            person: chart.by_account(&heard.sender).map(|person| person.id.clone()),
            account: Some(heard.sender.clone()),
            via: Via::Matrix,
            source: Some(Source::event(heard.room.clone(), heard.event_id.clone())),
            link: None,
        }
    }
}

/// The language of a person: what they chose with the bots, else what the staff list says.
///
/// # Errors
/// When the store cannot be read.
pub async fn language_of(kit: &Kit, person: &Person) -> Result<Lang, StoreError> {
    let chosen = match &person.account {
        Some(account) => kit.chosen_language(account).await?,
        None => None,
    };
    Ok(chosen.unwrap_or(match person.language {
        Language::Zh => Lang::Zh,
        Language::En => Lang::En,
    }))
}
