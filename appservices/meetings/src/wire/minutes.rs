//! Minutes on the wire: the thread, its summary, the to-dos that become tasks; and the later part of a series that was
//! split off.

use calendar::RecurrenceId;
use cases::Case;
use kit::{Heard, Letter, Related, Relation, To, message};
use store::Batch;

use super::{Change, LOCALPART, Meetings, Scene, TodoLine, deliver::talk_of};
use crate::{
    MeetingsError,
    act::Action,
    card::Pen,
    desk::Actor,
    meeting::{Line, Meeting},
    minutes::{Kind, read},
};

impl Meetings {
    /// The message whose thread the minutes are; it asks the organiser.
    pub(crate) async fn open_minutes(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        id: RecurrenceId,
    ) -> Result<(), MeetingsError> {
        let Some(minutes) = case.data.minutes_of(id) else { return Ok(()) };
        let reader = self.reader_of_talk(&case.data).await?;
        let day = minutes.start.strftime("%m-%d").to_string();
        let values = [("no", &*case.no), ("title", &case.data.event.title), ("day", &day)];
        let text = self.pen(&reader).say("mt.minutes", &values);
        let rings: Vec<_> = case.data.organizer().map(ToOwned::to_owned).into_iter().collect();
        let key = minutes_key(&case.id, id);
        let letter = Letter::message(key, LOCALPART, talk_of(&case.data), message(&text, &rings));
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// What was agreed and what is to be done: into the thread, to the room of what is known, to the tasks.
    pub(crate) async fn sum_up(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        id: RecurrenceId,
        from: usize,
        scene: &Scene,
    ) -> Result<(), MeetingsError> {
        let Some(minutes) = case.data.minutes_of(id) else { return Ok(()) };
        let lines = minutes.lines.get(from..).unwrap_or_default();
        let reader = self.reader_of_talk(&case.data).await?;
        let pen = self.pen(&reader);
        let mut text = summary(case, lines, scene, pen);
        let zone = &case.data.event.zone;
        for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.kind == Kind::Todo) {
            let Some(organizer) = case.data.organizer() else { break };
            let key = format!("{}/{id}/{}", case.id, from + place);
            let now = zone.local(scene.at_ms);
            let todo = TodoLine { key, text: &line.text, organizer, no: &case.no, now, zone };
            if let Err(refusal) = self.parts().todos.propose(self.kit(), batch, &todo) {
                let reason = self.words_of(reader.lang, &refusal);
                text.push('\n');
                text.push_str(
                    &pen.say("mt.todo_unclear", &[("todo", read(&line.text).1), ("reason", &reason)]),
                );
            }
        }
        let root = minutes_key(&case.id, id);
        let letter = Letter::message(
            format!("{root}/sum/{from}"),
            LOCALPART,
            talk_of(&case.data),
            message(&text, &[]),
        );
        let letter = letter.relating(Relation::Thread(Related::Letter(root)));
        self.kit().outbox().put(batch, letter);
        if let Some(room) = &self.parts().settings.knowledge_room {
            let key = format!("mw/{}/{id}/{from}", case.id);
            let letter = Letter::message(key, LOCALPART, To::Room(room.clone()), message(&text, &[]));
            self.kit().outbox().put(batch, letter);
        }
        Ok(())
    }

    /// `!meet minutes NO`: what was agreed in the newest minutes.
    pub(crate) async fn show_minutes(
        &self,
        heard: &Heard,
        case: &Case<Meeting>,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let written = case.data.minutes.iter().rev().find(|minutes| !minutes.lines.is_empty());
        let Some(minutes) = written else {
            return self.reply(batch, heard, "mt.minutes_none", &[("no", &case.no)]).await;
        };
        let scene = self.scene_of(case, heard.received_ms).await?;
        let reader = self.reader(&heard.sender).await?;
        let text = summary(case, &minutes.lines, &scene, self.pen(&reader));
        self.reply_privately(batch, heard, &text).await
    }

    /// The later part of a series becomes a meeting of its own.
    pub(crate) async fn split(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        mut later: Meeting,
        scene: &Scene,
        marker: &str,
    ) -> Result<(), MeetingsError> {
        later.event.uid = String::new();
        // What has a room keeps it; what waits for one gets its own.
        if later.own_room().is_none_or(|own| own.id.is_none()) {
            later.event.conference = None;
            later.room = None;
        }
        let new = self.numbered(batch, later, scene.at_ms).await?;
        let no = new.no.clone();
        let mut change = Change::new(new);
        if let Err(refusal) = scene.act(&mut change, &Action::Book, &Actor::nobody()) {
            // It was checked as a part of the series; only what nobody foresaw comes here.
            return Err(MeetingsError::Broken(format!("{} cannot be split: {}", case.no, refusal.code)));
        }
        self.carry_out(batch, change, scene, marker).await?;
        let reader = self.reader_of_talk(&case.data).await?;
        let text = self.pen(&reader).say("mt.told.split", &[("no", &case.no), ("new", &no)]);
        let letter =
            Letter::message(format!("mn/{marker}"), LOCALPART, talk_of(&case.data), message(&text, &[]));
        self.kit().outbox().put(batch, letter);
        Ok(())
    }
}

fn minutes_key(case: &str, id: RecurrenceId) -> String {
    format!("m/{case}/minutes/{id}")
}

/// Conclusions first, then what is to be done. Other lines stay in the thread.
fn summary(case: &Case<Meeting>, lines: &[Line], scene: &Scene, pen: Pen<'_>) -> String {
    let mut text = pen.say("mt.summary", &[("no", &case.no), ("title", &case.data.event.title)]);
    for (kind, key) in [(Kind::Conclusion, "mt.conclusion"), (Kind::Todo, "mt.todo")] {
        for line in lines.iter().filter(|line| line.kind == kind) {
            let by = scene.world().name(&line.by);
            text.push('\n');
            text.push_str(&pen.say(key, &[("text", read(&line.text).1), ("by", &by)]));
        }
    }
    text
}
