//! Links of first logins: whom the organisation lets in, asked for in a chat or at the command line. The homeserver decides who can
//! still be let in, and makes the links.

use kit::{CallError, FIRST_LOGINS_MAX, FirstLogin, Intent, Kit, Newcomer};
use people::{People, PeopleError, Person, PersonId, Preview, import::table};
use ruma::OwnedUserId;
use store::Batch;

use crate::{LOCALPART, limits::LOOKS_FOR_NAMES_MAX, tables::LINK};

/// Who gives links. Cloning it is some reference counts.
#[derive(Clone)]
pub struct Links {
    /// The bots.
    pub kit: Kit,
    /// The organisation.
    pub people: People,
    /// Where people's browsers reach the homeserver, without a slash at the end.
    pub base_url: String,
}

/// What became of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenLink {
    /// The person.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// Their account.
    pub account: OwnedUserId,
    /// The link and where it went by letter, or why there is none: `open`, or a word of [`FirstLogin::Refused`].
    pub outcome: Result<(String, Option<String>), String>,
}

/// Links of some people, and behind whom to go on where there are more.
pub type SomeLinks = (Vec<GivenLink>, Option<PersonId>);

/// Why a list could not be looked at.
#[derive(Debug)]
pub enum Unseen {
    /// The organisation's own.
    People(PeopleError),
    /// The homeserver cannot be asked.
    Call(CallError),
}

impl From<PeopleError> for Unseen {
    fn from(error: PeopleError) -> Self {
        Self::People(error)
    }
}

impl Links {
    /// Looks at a staff list, and at the homeserver, so that no account that is there already becomes somebody's because their
    /// name sounds alike. Who has an account already, the list says in its column 账号.
    ///
    /// # Errors
    /// Those of [`People::preview`], and when the homeserver cannot be asked.
    pub async fn preview(&self, bytes: &[u8], full: bool, by: &str) -> Result<Preview, Unseen> {
        let mut preview = self.people.preview(bytes, full, by).await?;
        let intent = self.kit.intent(LOCALPART);
        let intent = intent
            .ok_or_else(|| Unseen::Call(CallError::Unreachable("the bot has no account".to_owned())))?;
        for _ in 0..LOOKS_FOR_NAMES_MAX {
            let mut strangers = Vec::new();
            for some in preview.plan.made_up.chunks(FIRST_LOGINS_MAX) {
                let free = match intent.free_accounts(some).await {
                    Ok(free) => free,
                    Err(error @ CallError::Refused { .. }) => {
                        tracing::warn!(%error, "which accounts there are is not known; made-up names may be somebody's");
                        return Ok(preview);
                    }
                    Err(error) => return Err(Unseen::Call(error)),
                };
                let taken = some.iter().zip(free).filter(|(_, is_free)| !is_free);
                strangers.extend(taken.map(|(account, _)| account.localpart().to_owned()));
            }
            if strangers.is_empty() {
                break;
            }
            let strangers: Vec<&str> = strangers.iter().map(String::as_str).collect();
            self.people.keep_strangers(&strangers).await?;
            preview = self.people.preview(bytes, full, by).await?;
        }
        Ok(preview)
    }

    /// Gives one person a link, which voids the one before. Nothing for somebody without an account.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn give(
        &self,
        person: &Person,
        by: &str,
        batch: &mut Batch,
    ) -> Result<Option<GivenLink>, CallError> {
        Ok(self.ask(&[person], false, by, batch).await?.pop())
    }

    /// Gives links to people behind `after`, in the order of employee numbers, who have not come in and have none that works;
    /// at most `links_max`, which is [`FIRST_LOGINS_MAX`] at least. Whoever is refused one is in the answer too. What was given
    /// before the homeserver stopped answering is in it, and the rest is behind it.
    ///
    /// # Errors
    /// See [`CallError`]; only where nothing was given.
    pub async fn give_new(
        &self,
        after: Option<&PersonId>,
        links_max: usize,
        by: &str,
        batch: &mut Batch,
    ) -> Result<SomeLinks, CallError> {
        let chart = self.people.chart();
        let behind = chart.people().filter(|person| after.is_none_or(|after| person.id > *after));
        let there: Vec<&Person> =
            behind.map(|person| &**person).filter(|person| person.is_active()).collect();
        let (mut links, mut last) = (Vec::new(), None);
        for some in there.chunks(FIRST_LOGINS_MAX) {
            if links.len() + some.len() > links_max {
                return Ok((links, last));
            }
            let given = match self.ask(some, true, by, batch).await {
                Ok(given) => given,
                Err(error) if links.is_empty() => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "some links of first logins are not given yet");
                    return Ok((links, last));
                }
            };
            last = some.last().map(|person| person.id.clone());
            let needs_none = |reason: &str| matches!(reason, "past" | "open");
            let needs_one = |link: &GivenLink| !link.outcome.as_ref().is_err_and(|reason| needs_none(reason));
            links.extend(given.into_iter().filter(needs_one));
        }
        Ok((links, None))
    }

    async fn ask(
        &self,
        people: &[&Person],
        keeps_open: bool,
        by: &str,
        batch: &mut Batch,
    ) -> Result<Vec<GivenLink>, CallError> {
        let accounts = people.iter().filter_map(|person| Some((*person, person.account.clone()?)));
        let (people, newcomers): (Vec<&Person>, Vec<Newcomer>) = accounts
            .map(|(person, account)| {
                let address = Some(person.email.clone()).filter(|address| !address.is_empty());
                (person, Newcomer { account, name: person.name.clone(), address })
            })
            .unzip();
        let intent = self.kit.intent(LOCALPART);
        let intent = intent.ok_or_else(|| CallError::Unreachable("the bot has no account".to_owned()))?;
        if newcomers.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.answers(&intent, &newcomers, keeps_open, by).await?;
        let links = people.iter().zip(newcomers).zip(answers).map(|((person, newcomer), answer)| {
            let outcome = match answer {
                FirstLogin::Given { path, expires_ms, is_mailed } => {
                    batch.put(&LINK, &newcomer.account, &expires_ms);
                    Ok((format!("{}{path}", self.base_url), newcomer.address.filter(|_| is_mailed)))
                }
                FirstLogin::Open { .. } => Err("open".to_owned()),
                FirstLogin::Refused(reason) => Err(reason),
            };
            GivenLink { id: person.id.clone(), name: person.name.clone(), account: newcomer.account, outcome }
        });
        Ok(links.collect())
    }

    /// What the homeserver says. A link that still works and that nobody was shown, because the answer with it was lost, is not
    /// one that somebody has: it is asked for anew.
    async fn answers(
        &self,
        intent: &Intent,
        newcomers: &[Newcomer],
        keeps_open: bool,
        by: &str,
    ) -> Result<Vec<FirstLogin>, CallError> {
        let mut answers = intent.give_first_logins(newcomers, keeps_open, by).await?;
        let accounts: Vec<OwnedUserId> = newcomers.iter().map(|newcomer| newcomer.account.clone()).collect();
        let shown = self.kit.store().multi_get(&LINK, &accounts).await;
        let shown = shown.map_err(|error| CallError::Unreachable(error.to_string()))?;
        let is_lost = |answer: &FirstLogin, shown: &Option<u64>| match answer {
            FirstLogin::Open { expires_ms } => *shown != Some(*expires_ms),
            FirstLogin::Given { .. } | FirstLogin::Refused(_) => false,
        };
        let all = newcomers.iter().zip(&mut answers).zip(&shown);
        let lost = all.filter(|((_, answer), shown)| is_lost(answer, shown));
        let (again, places): (Vec<Newcomer>, Vec<&mut FirstLogin>) =
            lost.map(|((newcomer, answer), _)| (newcomer.clone(), answer)).unzip();
        if !again.is_empty() {
            let anew = intent.give_first_logins(&again, false, by).await?;
            places.into_iter().zip(anew).for_each(|(place, answer)| *place = answer);
        }
        Ok(answers)
    }
}

/// Links as a file: localpart, name, link, and where the link went by letter.
#[must_use]
pub fn file(links: &[GivenLink]) -> String {
    let headings = ["localpart", "name", "link", "mailed_to"].map(str::to_owned).to_vec();
    let rows = links.iter().filter_map(|given| {
        let (link, address) = given.outcome.as_ref().ok()?;
        let localpart = given.account.localpart().to_owned();
        Some(vec![localpart, given.name.clone(), link.clone(), address.clone().unwrap_or_default()])
    });
    table(std::iter::once(headings).chain(rows))
}
