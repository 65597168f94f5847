//! `!meet source`: calendars elsewhere, which count when a time of their owner's is looked for. They are named in a direct chat
//! alone, and a message that held a password or a private address is taken away.

use async_trait::async_trait;
use calendar::{
    Address, CalendarError, FirstLook, FirstLooks, KeptSource, Seen, Source, SourceFault,
    limits::SOURCES_OF_PERSON_MAX,
};
use cases::Refusal;
use kit::{Heard, Letter, To, message};
use store::{Batch, StoreError};

use super::{LOCALPART, Meetings};
use crate::{MeetingsError, card::Pen, desk::field_refused};

/// What stands in a link and in no other word of these commands.
pub(super) const LINK_MARK: &str = "://";

/// What the word behind `!meet source` asks for.
#[derive(Clone, Copy)]
enum Order {
    Add,
    List,
    Drop,
}

const ORDERS: [(&str, &str, Order); 3] =
    [("添加", "add", Order::Add), ("列表", "list", Order::List), ("移除", "drop", Order::Drop)];

/// Which of them, the word for it, and what stands behind that.
fn ordered(rest: &str) -> (Option<Order>, &str, &str) {
    let (word, told) = first_word(rest);
    let name = word.to_lowercase();
    let order = ORDERS.into_iter().find(|(zh, en, _)| name == *zh || name == *en);
    (order.map(|(.., order)| order), word, told)
}

/// Whether what stands behind `!meet source` may hold a password or a private address, wherever it was typed, and however wrongly: an
/// address without its beginning may open a calendar, too.
pub(super) fn holds_secret(rest: &str) -> bool {
    match ordered(rest) {
        (Some(Order::Add), _, told) => !told.is_empty(),
        (_, _, told) => rest.contains('/') || told.contains(char::is_whitespace),
    }
}

/// What is said of an order, or why it is refused.
type Done = Result<String, Refusal>;

impl Meetings {
    /// What stands behind `!meet source`. Alone it lists.
    pub(super) async fn source(
        &self,
        heard: &Heard,
        rest: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let (order, word, told) = ordered(rest);
        let removal = match holds_secret(rest) {
            true => Some(self.kit().take_away(LOCALPART, heard, batch).await?),
            false => None,
        };
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let is_ours = heard.sender.server_name() == self.kit().server_name();
        let text = if !heard.is_direct {
            pen.say("mt.source.direct", &[])
        } else if !is_ours || self.has_left(&heard.sender) {
            self.words_of(reader.lang, &Refusal::new("E108").with("platform", "matrix"))
        } else {
            let done = match (order, word) {
                (Some(Order::Add), _) => self.add_source(heard, told, pen, batch).await?,
                (Some(Order::List), _) | (None, "") => Ok(self.sources(heard, pen).await?),
                (Some(Order::Drop), _) => self.drop_source(heard, told, pen, batch).await?,
                (None, _) => {
                    Err(field_refused("mt.form.source", "mt.form.unknown", "!meet source add | list | drop"))
                }
            };
            done.unwrap_or_else(|refusal| self.words_of(reader.lang, &refusal))
        };
        let removal = removal.map(|key| pen.say(key, &[]));
        let lines: Vec<String> = std::iter::once(text).chain(removal).collect();
        self.answer(batch, heard, &lines.join("\n"));
        Ok(())
    }

    async fn add_source(
        &self,
        heard: &Heard,
        told: &str,
        pen: Pen<'_>,
        batch: &mut Batch,
    ) -> Result<Done, MeetingsError> {
        let (url, login) = first_word(told);
        let (user, password) = first_word(login);
        let (url, user, password) = (url.to_owned(), user.to_owned(), password.to_owned());
        let source = match (url.is_empty(), user.is_empty(), password.is_empty()) {
            (false, true, _) => Source::Feed { url },
            (false, false, false) => Source::CalDav { url, user, password },
            _ => {
                let example = "!meet source add https://… [user password]";
                return Ok(Err(field_refused("mt.form.source", "mt.form.source_words", example)));
            }
        };
        let (owner, calendars) = (Address::Matrix(heard.sender.clone()), &self.parts().calendars);
        if calendars.sources(&owner).await?.len() >= SOURCES_OF_PERSON_MAX {
            let example = SOURCES_OF_PERSON_MAX.to_string();
            return Ok(Err(field_refused("mt.form.source", "mt.form.many", example)));
        }
        let host = source.host();
        match calendars.add_source(batch, &owner, source).await {
            Ok(_) => Ok(Ok(pen.say("mt.source.asked", &[("host", &host)]))),
            Err(error @ (CalendarError::Elsewhere { .. } | CalendarError::TooLarge(_))) => {
                Ok(Ok(not_added(&host, error.fault(), pen)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The calendars of somebody, without what opens them.
    async fn sources(&self, heard: &Heard, pen: Pen<'_>) -> Result<String, MeetingsError> {
        let owner = Address::Matrix(heard.sender.clone());
        let known = self.parts().calendars.sources(&owner).await?;
        let line = |(place, kept): (usize, &KeptSource)| {
            let number = (place + 1).to_string();
            let kind = match &kept.source {
                Source::CalDav { user, .. } => pen.say("mt.source.caldav", &[("user", user)]),
                Source::Feed { .. } => pen.say("mt.source.feed", &[]),
            };
            let host = kept.source.host();
            let mut line =
                pen.say("mt.source.line", &[("number", &number), ("host", &host), ("kind", &kind)]);
            if let Some(fault) = kept.fault {
                line.push_str(" · ");
                line.push_str(&pen.say(words_of_fault(fault), &[]));
            }
            line
        };
        let lines: Vec<String> = known.iter().enumerate().map(line).collect();
        Ok(if lines.is_empty() { pen.say("mt.source.none", &[]) } else { lines.join("\n") })
    }

    async fn drop_source(
        &self,
        heard: &Heard,
        told: &str,
        pen: Pen<'_>,
        batch: &mut Batch,
    ) -> Result<Done, MeetingsError> {
        let owner = Address::Matrix(heard.sender.clone());
        let calendars = &self.parts().calendars;
        let known = calendars.sources(&owner).await?;
        let place = told.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let Some(kept) = place.and_then(|place| known.get(place)) else {
            return Ok(Err(field_refused("mt.form.number", "mt.form.unknown", "!meet source list")));
        };
        calendars.drop_source(batch, &owner, &kept.id).await?;
        Ok(Ok(pen.say("mt.source.dropped", &[("host", &kept.source.host())])))
    }
}

#[async_trait]
impl FirstLooks for Meetings {
    async fn looked(&self, batch: &mut Batch, look: FirstLook<'_>) -> Result<bool, StoreError> {
        let FirstLook { owner, kept, seen } = look;
        let Some(account) = owner.account() else { return Ok(true) };
        let reader = match self.reader(account).await {
            Ok(reader) => reader,
            Err(MeetingsError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, source = ?kept.source, "nobody is told of a calendar elsewhere");
                return Ok(true);
            }
        };
        let (pen, host) = (self.pen(&reader), kept.source.host());
        let text = match seen {
            Ok(Seen { times, until_ms }) => {
                let day = reader.zone.local(until_ms).strftime("%Y-%m-%d").to_string();
                let count = times.to_string();
                pen.say("mt.source.read", &[("host", &host), ("count", &count), ("day", &day)])
            }
            Err(fault) => not_added(&host, fault, pen),
        };
        let key = format!("msl/{account} {}", kept.id);
        let letter = Letter::message(key, LOCALPART, To::Direct(account.clone()), message(&text, &[]));
        self.kit().outbox().put(batch, letter);
        Ok(seen.is_ok())
    }
}

fn not_added(host: &str, fault: SourceFault, pen: Pen<'_>) -> String {
    let fault = pen.say(words_of_fault(fault), &[]);
    let key = if host.is_empty() { "mt.source.refused_nowhere" } else { "mt.source.refused" };
    pen.say(key, &[("host", host), ("fault", &fault)])
}

const fn words_of_fault(fault: SourceFault) -> &'static str {
    match fault {
        SourceFault::Address => "mt.fault.address",
        SourceFault::Plain => "mt.fault.plain",
        SourceFault::Blocked => "mt.fault.blocked",
        SourceFault::Unreachable => "mt.fault.unreachable",
        SourceFault::Login => "mt.fault.login",
        SourceFault::NotACalendar => "mt.fault.not_a_calendar",
        SourceFault::TooLarge => "mt.fault.too_large",
    }
}

/// The first word, and what stands behind it.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first, rest.trim())
}
