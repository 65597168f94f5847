//! Commands: from a line to an action.

use cases::{Case, Refusal};
use jiff::civil::DateTime;
use kit::Heard;
use store::Batch;

use super::{
    KIND, LOCALPART, Meetings,
    vocabulary::{WORDS, Word, names_source, number_of, source_meant},
};
use crate::{
    MeetingsError,
    act::Action,
    card::of_key,
    desk::field_refused,
    line::{self, Line, Scope},
    meeting::{Meeting, state},
    tables::Sought,
};

impl Meetings {
    pub(crate) async fn command(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        // Whoever is on another platform alone reads and answers, and orders nothing.
        if self.is_elsewhere_alone(&heard.sender) {
            return Box::pin(self.refuse_order(heard, arguments, batch)).await;
        }
        let arguments = self.without_mentions(heard, arguments).await?;
        let arguments = arguments.trim();
        if arguments.is_empty() && heard.mentions.is_empty() {
            return self.begin_dialogue(heard, batch).await;
        }
        // A slip of the fingers is not to make a title of a password.
        if let Some(rest) = source_meant(arguments) {
            return Box::pin(self.source(heard, rest, batch)).await;
        }
        let Some((word, rest)) = Word::read(arguments) else {
            return match self.misspelt(arguments) {
                Some(refusal) => self.refuse(heard, &refusal, batch).await,
                None => Box::pin(self.book_or_ask(heard, arguments, batch)).await,
            };
        };
        let now = self.local_time(&heard.sender, heard.received_ms);
        match word {
            Word::Find => Box::pin(self.look(heard, Sought::Slot, rest, batch)).await,
            Word::Now => Box::pin(self.book_now(heard, rest, now, batch)).await,
            Word::Move
            | Word::Cancel
            | Word::Add
            | Word::Remove
            | Word::Minutes
            | Word::Show
            | Word::Verify => Box::pin(self.on_meeting(heard, word, rest, batch)).await,
            Word::Today => self.agenda(heard, 1, batch).await,
            Word::Week => self.agenda(heard, 7, batch).await,
            Word::Free => Box::pin(self.look(heard, Sought::BusyTimes, rest, batch)).await,
            Word::Ics if !number_of(rest).0.as_deref().unwrap_or_default().is_empty() => {
                Box::pin(self.on_meeting(heard, word, rest, batch)).await
            }
            Word::Ics => self.calendar_address(heard, rest, batch).await,
            Word::Caldav => self.calendar_passwords(heard, rest, batch).await,
            Word::Share => self.share(heard, rest, now, batch).await,
            Word::Source => Box::pin(self.source(heard, rest, batch)).await,
            Word::Help => self.reply(batch, heard, "mt.help_all", &[]).await,
        }
    }

    /// Refuses an order of somebody who is nobody of the organisation (E108). A password in it is taken away all the same.
    async fn refuse_order(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let refusal = Refusal::new("E108").with("platform", "matrix");
        if !names_source(arguments) {
            return self.refuse(heard, &refusal, batch).await;
        }
        let removal = self.kit().take_away(LOCALPART, heard, batch).await?;
        let reader = self.reader(&heard.sender).await?;
        let removal = self.pen(&reader).say(removal, &[]);
        self.answer(batch, heard, &format!("{}\n{removal}", self.words_of(reader.lang, &refusal)));
        Ok(())
    }

    /// A number behind a word that nobody knows: the three nearest words (E106).
    fn misspelt(&self, arguments: &str) -> Option<Refusal> {
        let (first, rest) = arguments.split_once(char::is_whitespace)?;
        number_of(rest).0?;
        let is_han = kit::texts::Lang::of(first) != kit::texts::Lang::En;
        let mut known: Vec<&str> =
            WORDS.into_iter().map(|(zh, en, _)| if is_han { zh } else { en }).collect();
        let first = first.to_lowercase();
        known.sort_by_key(|word| strsim::damerau_levenshtein(word, &first));
        let shown = |place: usize| format!("!meet {}", known.get(place).copied().unwrap_or("help"));
        Some(Refusal::new("E106").with("a", shown(0)).with("b", shown(1)).with("c", shown(2)))
    }

    async fn book_now(
        &self,
        heard: &Heard,
        rest: &str,
        now: DateTime,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let mut line = line::read(rest, now);
        let start = now.time().with().second(0).subsec_nanosecond(0).build().unwrap_or(now.time());
        (line.date, line.time, line.until) = (Some(now.date()), Some(start), None);
        if line.title.is_empty() {
            let reader = self.reader(&heard.sender).await?;
            line.title = self.pen(&reader).say("mt.untitled", &[]);
        }
        Box::pin(self.book(heard, &line, batch)).await
    }

    /// A command about a meeting: named, or the one that the message stands under, or the only one of one's own.
    async fn on_meeting(
        &self,
        heard: &Heard,
        word: Word,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let (named, rest) = number_of(arguments);
        let case = match self.meant(heard, named.as_deref()).await? {
            Ok(case) => case,
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let now = case.data.event.zone.local(heard.received_ms);
        let has_scope = matches!(word, Word::Move | Word::Cancel);
        let (scope, words) = if has_scope { line::scoped(rest) } else { (None, rest) };
        let line = line::read(words, now);
        let is_open = matches!(case.state.as_str(), state::SCHEDULED | state::LIVE);
        if has_scope && scope.is_none() && case.data.is_series() && is_open {
            let verb = if word == Word::Move { "move" } else { "cancel" };
            return self.ask_scope(heard, &format!("{verb} {} {rest}", case.no), batch).await;
        }
        let scope = scope.unwrap_or(Scope::All);
        let action =
            match word {
                Word::Show => return self.show(heard, &case, batch).await,
                Word::Verify => return self.verify(heard, &case, batch).await,
                Word::Ics => return self.send_file(heard, &case, batch).await,
                Word::Minutes if case.state != state::LIVE => {
                    return self.show_minutes(heard, &case, batch).await;
                }
                Word::Minutes => Ok(Action::OpenMinutes),
                Word::Move => moved(&case, &line, scope, rest),
                Word::Add => self.resolve(heard, &line).await?.and_then(some).map(Action::Add),
                Word::Remove => self.resolve(heard, &line).await?.and_then(some).map(|people| {
                    Action::Remove(people.into_iter().map(|attendee| attendee.address).collect())
                }),
                Word::Cancel => Ok(Action::Cancel { scope }),
                Word::Find
                | Word::Now
                | Word::Today
                | Word::Week
                | Word::Free
                | Word::Caldav
                | Word::Share
                | Word::Source
                | Word::Help => return Ok(()),
            };
        match action {
            Ok(action) => self.act(heard, case, &action, batch).await.map(drop),
            Err(refusal) => self.refuse(heard, &refusal, batch).await,
        }
    }

    /// The meeting that a command means, if whoever types it may know of it (E107).
    pub(crate) async fn meant(
        &self,
        heard: &Heard,
        named: Option<&str>,
    ) -> Result<Result<Case<Meeting>, Refusal>, MeetingsError> {
        let cases = self.cases().await?;
        let under = heard.on.as_deref().and_then(of_key).map(|(case, _)| case.to_owned());
        let id = match (named, under) {
            (Some(no), _) => cases.by_number(no).await?,
            (None, Some(id)) => Some(id),
            (None, None) => {
                let own = cases.listed(KIND, "own", heard.sender.as_str()).await?;
                match own.as_slice() {
                    [only] => Some(only.clone()),
                    [] => None,
                    several => return Ok(Err(self.which(several).await?)),
                }
            }
        };
        let unknown = || Refusal::new("E107").with("no", named.unwrap_or("MT-…"));
        let Some(id) = id else { return Ok(Err(unknown())) };
        let case = self.case(&id).await?;
        let chart = self.chart();
        let world = self.world_at(&chart, heard.received_ms);
        // In the room of a meeting everybody knows of it.
        let may_know = |case: &Case<Meeting>| {
            case.data.is_talked_of_in(&heard.room)
                || case.data.accounts().iter().any(|user| world.is_same(user, &heard.sender))
        };
        Ok(case.filter(may_know).ok_or_else(unknown))
    }

    async fn which(&self, ids: &[String]) -> Result<Refusal, MeetingsError> {
        let mut numbers = Vec::new();
        for id in ids.iter().take(5) {
            numbers.extend(self.case(id).await?.map(|case| case.no));
        }
        Ok(field_refused("mt.form.number", "mt.form.required", numbers.join(" ")))
    }
}

fn some(people: Vec<calendar::Attendee>) -> Result<Vec<calendar::Attendee>, Refusal> {
    match people.is_empty() {
        true => Err(field_refused("mt.form.people", "mt.form.required", "@lisi")),
        false => Ok(people),
    }
}

/// A move: a day alone keeps the time, a time alone keeps the day.
pub(crate) fn moved(case: &Case<Meeting>, line: &Line, scope: Scope, text: &str) -> Result<Action, Refusal> {
    let (start, end) = crate::card::when(&case.data);
    let Some(date) = line.date else { return Err(Refusal::new("E203").with("text", text)) };
    let time = line.time.unwrap_or(start.time());
    let date = if line.is_day_named { date } else { start.date() };
    let own_length = start.until(end).ok().and_then(|span| span.total(jiff::Unit::Minute).ok());
    let until = line.until.and_then(|until| time.until(until).ok()?.total(jiff::Unit::Minute).ok());
    let length = until.or(own_length).map(|minutes| minutes as u32).filter(|minutes| *minutes > 0);
    let length_minutes = line.length_minutes.or(length);
    Ok(Action::Move { scope, start: date.to_datetime(time), length_minutes })
}
