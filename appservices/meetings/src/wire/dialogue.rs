//! Questions of the bot: what a booking lacks, what of a series is meant, which other time somebody has in mind.

use calendar::RecurrenceId;
use cases::Refusal;
use kit::{Heard, Letter, message};
use store::Batch;

use super::Meetings;
use crate::{
    MeetingsError,
    act::Action,
    desk::field_refused,
    limits::{DIALOGUE_MS, TITLE_CHARACTERS_MAX},
    line,
    tables::{Asked, DRAFT, DraftRow},
};

impl Meetings {
    /// `!meet` alone: goes on with the draft that waits, or begins a new one.
    pub(crate) async fn begin_dialogue(&self, heard: &Heard, batch: &mut Batch) -> Result<(), MeetingsError> {
        let kept = self.kit().store().get(&DRAFT, &heard.sender).await?;
        let is_booking = |draft: &DraftRow| matches!(draft.asked, Asked::Title | Asked::People | Asked::When);
        let draft = match kept.filter(is_booking) {
            Some(draft) => DraftRow { room: heard.room.clone(), at_ms: heard.received_ms, ..draft },
            None => DraftRow {
                room: heard.room.clone(),
                line: String::new(),
                asked: Asked::Title,
                has_people: false,
                at_ms: heard.received_ms,
            },
        };
        self.ask(heard, draft, batch).await
    }

    /// Books what is complete, asks for what is missing.
    pub(crate) async fn book_or_ask(
        &self,
        heard: &Heard,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let line = line::read(text, self.local_time(&heard.sender, heard.received_ms));
        let is_timed = line.date.is_some() && (line.time.is_some() || line.all_day);
        let asked = match (line.title.is_empty(), is_timed) {
            (false, true) => return Box::pin(self.book(heard, &line, batch)).await,
            (true, _) => Asked::Title,
            (false, false) => Asked::When,
        };
        let draft = DraftRow {
            room: heard.room.clone(),
            line: text.to_owned(),
            asked,
            has_people: true,
            at_ms: heard.received_ms,
        };
        self.ask(heard, draft, batch).await
    }

    /// Which instances of a series are meant.
    pub(crate) async fn ask_scope(
        &self,
        heard: &Heard,
        command: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let draft = DraftRow {
            room: heard.room.clone(),
            line: command.to_owned(),
            asked: Asked::Scope,
            has_people: true,
            at_ms: heard.received_ms,
        };
        self.ask(heard, draft, batch).await
    }

    /// Which other time is proposed.
    pub(crate) async fn ask_counter(
        &self,
        heard: &Heard,
        case: &str,
        instance: Option<RecurrenceId>,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let draft = DraftRow {
            room: heard.room.clone(),
            line: String::new(),
            asked: Asked::Counter { case: case.to_owned(), instance },
            has_people: true,
            at_ms: heard.received_ms,
        };
        self.ask(heard, draft, batch).await
    }

    async fn ask(&self, heard: &Heard, draft: DraftRow, batch: &mut Batch) -> Result<(), MeetingsError> {
        let question = match draft.asked {
            Asked::Title => "mt.ask.title",
            Asked::People => "mt.ask.people",
            Asked::When => "mt.ask.when",
            Asked::Scope => "mt.ask.scope",
            Asked::Counter { .. } => "mt.ask.other_time",
        };
        let reader = self.reader(&heard.sender).await?;
        let text = self.pen(&reader).say(question, &[]);
        // The question has a key of its own, so that an answer to it is known wherever it stands.
        let letter = self.answering(heard, "mr", message(&text, &[]));
        let letter = Letter { key: format!("mdq/{}/{}", heard.sender, heard.event_id), ..letter };
        self.kit().outbox().put(batch, letter);
        batch.put(&DRAFT, &heard.sender, &draft);
        Ok(())
    }

    /// A message that may be the answer to a question. Whether it was.
    pub(crate) async fn answered(
        &self,
        heard: &Heard,
        text: &str,
        batch: &mut Batch,
    ) -> Result<bool, MeetingsError> {
        let Some(draft) = self.kit().store().get(&DRAFT, &heard.sender).await? else { return Ok(false) };
        let asks_them = format!("mdq/{}/", heard.sender);
        let is_answer = heard.on.as_deref().is_some_and(|key| key.starts_with(&asks_them));
        let is_talk = heard.is_direct && heard.room == draft.room && heard.thread.is_none();
        let is_under = heard.room == draft.room && heard.thread.is_some();
        let is_fresh = heard.received_ms < draft.at_ms.saturating_add(DIALOGUE_MS);
        if !is_fresh || !(is_answer || is_talk || is_under) {
            return Ok(false);
        }
        let text = self.without_mentions(heard, text).await?;
        let text = text.trim();
        if matches!(text.to_lowercase().as_str(), "取消" | "cancel") {
            batch.delete(&DRAFT, &heard.sender);
            self.reply(batch, heard, "mt.told.dropped", &[]).await?;
            return Ok(true);
        }
        match draft.asked.clone() {
            Asked::Title | Asked::People | Asked::When => {
                Box::pin(self.filled(heard, draft, text, batch)).await?
            }
            Asked::Scope => {
                let scope = match text {
                    "1" | "1️⃣" => "this",
                    "2" | "2️⃣" => "following",
                    "3" | "3️⃣" => "all",
                    other => other,
                };
                batch.delete(&DRAFT, &heard.sender);
                let command = format!("{} {scope}", draft.line);
                Box::pin(self.command(heard, &command, batch)).await?;
            }
            Asked::Counter { case, instance } => {
                Box::pin(self.proposed(heard, &case, instance, text, batch)).await?
            }
        }
        Ok(true)
    }

    /// One more field of a booking.
    async fn filled(
        &self,
        heard: &Heard,
        draft: DraftRow,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let now = self.local_time(&heard.sender, heard.received_ms);
        let mut has_people = draft.has_people || draft.asked == Asked::People;
        let line = match draft.asked {
            Asked::Title if text.is_empty() || text.chars().count() > TITLE_CHARACTERS_MAX => {
                let refusal =
                    field_refused("mt.form.title", "mt.form.long", TITLE_CHARACTERS_MAX.to_string());
                return self.refuse(heard, &refusal, batch).await;
            }
            // Quoted, so that no word of it is taken for a time.
            Asked::Title => format!("\"{}\" {}", text.replace('"', "'"), draft.line),
            Asked::People if matches!(text, "无" | "没有" | "-" | "none" | "nobody") => draft.line.clone(),
            Asked::People => {
                let named: Vec<String> = text.split([' ', '\u{3000}', ',', '，', '、']).map(named).collect();
                let mentioned = heard.mentions.iter().map(ToString::to_string);
                let people: Vec<String> =
                    named.into_iter().filter(|name| name.len() > 1).chain(mentioned).collect();
                let read = line::read(&people.join(" "), now);
                if let Err(refusal) = self.resolve(heard, &read).await? {
                    return self.refuse(heard, &refusal, batch).await;
                }
                format!("{} {}", draft.line, people.join(" "))
            }
            Asked::When | Asked::Scope | Asked::Counter { .. } => {
                if line::read(text, now).date.is_none() {
                    return self.refuse(heard, &Refusal::new("E203").with("text", text), batch).await;
                }
                format!("{} {text}", draft.line)
            }
        };
        let read = line::read(&line, now);
        has_people |= !read.people.is_empty();
        let is_timed = read.date.is_some() && (read.time.is_some() || read.all_day);
        let asked = match (has_people, is_timed) {
            (true, true) => {
                batch.delete(&DRAFT, &heard.sender);
                return Box::pin(self.book(heard, &read, batch)).await;
            }
            (false, _) => Asked::People,
            (true, false) => Asked::When,
        };
        let draft = DraftRow { line, asked, has_people, at_ms: heard.received_ms, ..draft };
        self.ask(heard, draft, batch).await
    }

    /// Another time for a meeting, as somebody typed it.
    pub(crate) async fn proposed(
        &self,
        heard: &Heard,
        case: &str,
        instance: Option<RecurrenceId>,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let Some(case) = self.case(case).await? else { return Ok(()) };
        let line = line::read(text, case.data.event.zone.local(heard.received_ms));
        let moved = super::commands::moved(&case, &line, line::Scope::All, text);
        let (start, length) = match moved {
            Ok(Action::Move { start, length_minutes, .. }) => (start, length_minutes),
            Ok(_) => return Ok(()),
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let span = length.map(|minutes| jiff::Span::new().minutes(i64::from(minutes)));
        let end = span.and_then(|span| start.checked_add(span).ok());
        let no = case.no.clone();
        if self.act(heard, case, &Action::Propose { instance, start, end }, batch).await? {
            batch.delete(&DRAFT, &heard.sender);
            self.reply(batch, heard, "mt.told.proposed", &[("no", &no)]).await?;
        }
        Ok(())
    }
}

/// Names of people may be typed without their mark where nothing else is asked for.
fn named(word: &str) -> String {
    match word.contains('@') || word.starts_with(['#', '?']) {
        true => word.to_owned(),
        false => format!("@{word}"),
    }
}
