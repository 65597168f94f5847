//! Lists and files: the day, the week, one meeting, its minutes, the private address of a calendar.

use calendar::{Address, Span, ics::Method};
use cases::{Case, Refusal, hash_of};
use jiff::ToSpan as _;
use kit::{Heard, Letter, To};
use store::Batch;

use super::Meetings;
use crate::{
    MeetingsError,
    card::{Card, body},
    desk::ORIGIN,
    limits::{LIST_LINES_MAX, NAMES_ON_CARD_MAX},
    meeting::Meeting,
};

impl Meetings {
    /// What is in somebody's calendar from now on, for so many days.
    pub(crate) async fn agenda(
        &self,
        heard: &Heard,
        days: i64,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let zone = self.zone_of(&heard.sender);
        let today = zone.local(heard.received_ms).date();
        let at = |date: jiff::civil::Date| zone.at(date.at(0, 0, 0, 0)).at_ms;
        let within = Span { from_ms: at(today), until_ms: at(today.saturating_add(days.days())) };
        let owner = Address::Matrix(heard.sender.clone());
        let mut found = Vec::new();
        for event in self.parts().calendars.events(&owner, within).await? {
            let all = event.occurrences(within).unwrap_or_else(|error| {
                // One series that cannot be expanded hides no other event.
                tracing::warn!(uid = event.uid, %error, "an event is not listed");
                Vec::new()
            });
            let all = all.into_iter().filter(|at| !at.is_cancelled);
            found.extend(all.map(|at| (at.start_ms, at.end_ms, event.clone())));
        }
        found.sort_by_key(|(start_ms, ..)| *start_ms);
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        if found.is_empty() {
            return self.reply_privately(batch, heard, &pen.say("mt.agenda_empty", &[])).await;
        }
        let mut lines = Vec::new();
        for (start_ms, end_ms, event) in found.iter().take(LIST_LINES_MAX) {
            // A whole day is that of the calendar that it stands in, wherever it is read.
            let zone = if event.all_day { &event.zone } else { &zone };
            let when = pen.span(zone.local(*start_ms), zone.local(*end_ms), event.all_day);
            let no = self.case_of(&event.uid).await?.map_or_else(String::new, |case| format!("{} ", case.no));
            lines.push(format!("{when} {no}{}", event.title));
        }
        let left = found.len().saturating_sub(LIST_LINES_MAX);
        if left > 0 {
            lines.push(pen.say("mt.more", &[("count", &left.to_string())]));
        }
        self.reply_privately(batch, heard, &lines.join("\n")).await
    }

    /// One meeting as it stands, and everybody who is asked where they are many.
    pub(crate) async fn show(
        &self,
        heard: &Heard,
        case: &Case<Meeting>,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let scene = self.scene_of(case, heard.received_ms).await?;
        let reader = self.reader(&heard.sender).await?;
        let text = body(case, &scene.world(), self.pen(&reader));
        if case.data.is_talked_of_in(&heard.room) {
            self.answer(batch, heard, &text);
        } else {
            self.reply_privately(batch, heard, &text).await?;
        }
        if case.data.people().count() > NAMES_ON_CARD_MAX {
            let card = Card::Home;
            let to = self.place_of(&card, case);
            self.list_people(batch, case, &card.key(&case.id), to, &scene.world());
        }
        Ok(())
    }

    /// Walks the chain of a meeting's records.
    pub(crate) async fn verify(
        &self,
        heard: &Heard,
        case: &Case<Meeting>,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let verdict = self.cases().await?.verify(case, &hash_of(ORIGIN.as_bytes())).await?;
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let text = match verdict {
            Ok(good) => {
                let (records, signers) = (good.records.to_string(), good.signers.len().to_string());
                pen.say("mt.verify.good", &[("no", &case.no), ("records", &records), ("signers", &signers)])
            }
            Err(broken) => {
                let (fault, what) = broken.fault.words();
                let (seq, fault) = (broken.seq.to_string(), pen.say(fault, &[("what", what)]));
                pen.say("mt.verify.broken", &[("no", &case.no), ("seq", &seq), ("fault", &fault)])
            }
        };
        self.answer(batch, heard, &text);
        Ok(())
    }

    pub(crate) async fn send_file(
        &self,
        heard: &Heard,
        case: &Case<Meeting>,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let key = format!("mr/{}", heard.event_id);
        let letter = self.file(case, Method::Publish, &case.data.event, key, To::Room(heard.room.clone()));
        let answer = self.answering(heard, "mr", letter.content.clone());
        self.kit().outbox().put(batch, Letter { relation: answer.relation, ..letter });
        Ok(())
    }

    /// `!meet ics`: a new private address of one's calendar; `!meet ics revoke`: none any more.
    pub(crate) async fn calendar_address(
        &self,
        heard: &Heard,
        rest: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let owner = Address::Matrix(heard.sender.clone());
        let calendars = &self.parts().calendars;
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        if matches!(rest.to_lowercase().as_str(), "revoke" | "撤销" | "停用") {
            let was_there = calendars.revoke_feed(batch, &owner).await?;
            let key = if was_there { "mt.ics_revoked" } else { "mt.ics_none" };
            self.answer(batch, heard, &pen.say(key, &[]));
            return Ok(());
        }
        let Some(base) = &self.parts().settings.public_url else {
            self.answer(batch, heard, &pen.say("mt.ics_off", &[]));
            return Ok(());
        };
        if self.has_left(&heard.sender) {
            return self.refuse(heard, &Refusal::new("E108").with("platform", "matrix"), batch).await;
        }
        let path = calendars.new_feed(batch, &owner).await?;
        let text = pen.say("mt.ics", &[("url", &format!("{base}{path}"))]);
        self.reply_privately(batch, heard, &text).await
    }
}
