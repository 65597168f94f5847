//! How tasks come about: by a line, from a message, from minutes.

use cases::Refusal;
use jiff::civil::DateTime;
use kit::{Fired, Heard};
use people::{Person, PersonId};
use ruma::EventId;
use serde_json::Value;
use store::Batch;

use super::{Change, Scene, Tasks, deliver::case_of_key, scene::zone_named, sources::Copied};
use crate::{
    OfficeError,
    act::{Action, refused},
    desk::{Actor, zone_of},
    limits::{COPIED_TITLE_CHARACTERS_MAX, PARENTS_MAX},
    line::{self, Line},
    minutes::Proposal,
    tables::MADE_FROM,
    task::{Origin, Task},
    template::Template,
};

/// Below a message: somebody takes it as a task.
pub(super) const TAKE: &str = "📌";

/// Begins the keys of timers that bring a to-do of minutes.
pub(super) const PROPOSED: &str = "tkpropose/";

impl Tasks {
    /// `!task 标题 …`, by itself or in answer to a message.
    pub(super) async fn create(
        &self,
        heard: &Heard,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let Some(me) = self.colleague(heard, batch).await? else { return Ok(()) };
        let scene = self.scene(zone_of(&me), heard.received_ms).await?;
        let mentioned: Vec<&Person> =
            heard.mentions.iter().filter_map(|account| chart.by_account(account)).collect();
        let now = workdays::local(scene.at_ms, &scene.zone);
        let mut line = match line::read(text, &chart, &mentioned, now) {
            Ok(line) => line,
            Err(refusal) => return self.refuse(batch, heard, &refusal).await,
        };
        let template = match &line.template {
            Some(name) => match self.template(heard, &me, name).await? {
                Some(template) => Some(template),
                None => return self.refuse(batch, heard, &super::templates::no_such()).await,
            },
            None => None,
        };
        if let Some(template) = &template {
            template.fill(&mut line, &chart, now);
        }
        // An answer to the card of a task is about that task, and no copy of it.
        let is_task = heard.on.as_deref().and_then(case_of_key).is_some();
        let copied = match heard.about.as_ref().filter(|_| !is_task) {
            Some(event) => self.copy(heard, event).await?,
            None => None,
        };
        // The number that a line names does not hide which message the text is from.
        let made_from = match copied.as_ref().map(|copied| &copied.origin) {
            Some(Origin::Event { event, .. }) => Some(event.clone()),
            Some(_) | None => None,
        };
        let task = match self.task_of(&me, line, copied, &scene, heard).await? {
            Ok(task) => task,
            Err(refusal) => return self.refuse(batch, heard, &refusal).await,
        };
        let task = match template {
            Some(template) => from_template(task, template),
            None => task,
        };
        let Some(case) = self.make(heard, task, &scene, batch).await? else { return Ok(()) };
        if let Some(event) = &made_from {
            batch.put(&MADE_FROM, event, &case.no);
            self.house().await?.cases.rests_on(batch, &case, event);
        }
        if case.data.is_secret && !heard.is_direct {
            let pen = self.pen_of_account(&heard.sender).await?;
            self.answer(batch, heard, &pen.say("tk.told.secret", &[("no", &case.no)]));
        }
        Ok(())
    }

    /// 📌 below a message: whoever taps takes it, once.
    pub(super) async fn take_message(
        &self,
        heard: &Heard,
        event: &EventId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let Some(me) = self.colleague(heard, batch).await? else { return Ok(()) };
        let scene = self.scene(zone_of(&me), heard.received_ms).await?;
        if let Some(no) = self.kit().store().get(&MADE_FROM, event).await? {
            let case = self.by_number(&no).await?;
            let made = case.map(|case| (case.data.creator.clone(), case.created_ms));
            let (who, at_ms) = made.unwrap_or_else(|| (me.id.clone(), scene.at_ms));
            let refusal = Refusal::new("E103")
                .with("who", scene.world().name(&who))
                .with("time", scene.world().time(at_ms))
                .with("via", cases::Via::Matrix.key())
                .with("result", no);
            return self.refuse(batch, heard, &refusal).await;
        }
        let Some(copied) = self.copy(heard, event).await? else { return Ok(()) };
        let task = match self.task_of(&me, Line::default(), Some(copied), &scene, heard).await? {
            Ok(task) => task,
            Err(refusal) => return self.refuse(batch, heard, &refusal).await,
        };
        if let Some(case) = self.make(heard, task, &scene, batch).await? {
            batch.expect_absent(&MADE_FROM, event).put(&MADE_FROM, event, &case.no);
            self.house().await?.cases.rests_on(batch, &case, event);
        }
        Ok(())
    }

    /// The task of a line, with what it was copied from.
    async fn task_of(
        &self,
        me: &Person,
        line: Line,
        copied: Option<Copied>,
        scene: &Scene,
        heard: &Heard,
    ) -> Result<Result<Task, Refusal>, OfficeError> {
        let first = |text: &str| {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            line.chars().take(COPIED_TITLE_CHARACTERS_MAX).collect::<String>()
        };
        let title = match (&copied, line.title.is_empty()) {
            (_, false) => line.title,
            (Some(copied), true) if !copied.text.is_empty() => first(&copied.text),
            (Some(_) | None, true) => {
                let example = "!任务 写周报 @lisi 周五 18:00 !高 #周报";
                return Ok(Err(refused("tk.field.title", "tk.problem.required", example)));
            }
        };
        let parent = match &line.parent {
            Some(parent) => match self.parents(parent).await? {
                Some(parents) if parents.len() <= PARENTS_MAX => parents.into_iter().next(),
                Some(_) => return Ok(Err(Refusal::new("E202"))),
                None => return Ok(Err(Refusal::new("E107").with("no", parent))),
            },
            None => None,
        };
        if line.repeat.is_some() && line.due.is_none() {
            return Ok(Err(refused("tk.field.repeat", "tk.problem.no_due", "!任务 写周报 周五 每周")));
        }
        let due_ms = line.due.map(|due| workdays::to_ms(due, &scene.zone));
        if let (Some(rule), Some(due_ms)) = (&line.repeat, due_ms)
            && let Err(refusal) = crate::repeat::next(rule, due_ms, due_ms, &scene.zone)
        {
            return Ok(Err(refusal));
        }
        let people = if line.assignees.is_empty() { vec![me.id.clone()] } else { line.assignees };
        Ok(Ok(Task {
            home: (!heard.is_direct && !line.is_secret).then(|| heard.room.clone()),
            description: copied.as_ref().map(|copied| copied.text.clone()).unwrap_or_default(),
            source: line.from.or(copied.map(|copied| copied.origin)).unwrap_or(Origin::Command),
            is_secret: line.is_secret,
            followers: line.followers.into_iter().collect(),
            priority: line.priority.unwrap_or_default(),
            mode: line.mode.unwrap_or_default(),
            tags: line.tags.into_iter().collect(),
            due_ms,
            parent,
            repeat: line.repeat,
            ..blank(title, me.id.clone(), people, scene)
        }))
    }

    /// A to-do of minutes: written down, for somebody to confirm.
    pub(super) async fn take_proposal(&self, batch: &mut Batch, fired: &Fired) -> Result<(), OfficeError> {
        let proposal = fired.payload.get("proposal").cloned().unwrap_or(Value::Null);
        let proposal: Proposal = match serde_json::from_value(proposal) {
            Ok(proposal) => proposal,
            Err(error) => {
                tracing::error!(%error, key = fired.key, "a to-do of minutes cannot be read");
                return Ok(());
            }
        };
        let scene = self.scene(zone_named(&proposal.zone), self.kit().clock().now_ms()).await?;
        let Proposal { todo, by, source_no, .. } = proposal;
        let people = if todo.assignees.is_empty() { vec![by.clone()] } else { todo.assignees };
        let due: Option<DateTime> = todo.due.and_then(|due| due.parse().ok());
        let task = Task {
            due_ms: due.map(|due| workdays::to_ms(due, &scene.zone)),
            source: Origin::Meeting(source_no),
            is_secret: todo.is_secret,
            ..blank(todo.title, by, people, &scene)
        };
        let mut edit = Change::new(self.begin(batch, task, &scene).await?);
        if scene.act(&mut edit, &Action::Propose, &Actor::nobody()).is_ok() {
            self.carry_out(batch, edit, &scene, &fired.key).await?;
        }
        Ok(())
    }

    /// A task and what it is a part of, upwards, by number; nothing where the first is not known. Ends beyond the bound.
    pub(super) async fn parents(&self, no: &str) -> Result<Option<Vec<String>>, OfficeError> {
        let mut parents = Vec::new();
        let mut next = Some(no.to_owned());
        while let Some(no) = next {
            let Some(case) = self.by_number(&no).await? else {
                return Ok(if parents.is_empty() { None } else { Some(parents) });
            };
            parents.push(case.no);
            next = case.data.parent.filter(|_| parents.len() <= PARENTS_MAX);
        }
        Ok(Some(parents))
    }
}

/// A task with what its template says beyond the line.
fn from_template(task: Task, template: Template) -> Task {
    Task {
        checklist: template.items(),
        description: if task.description.is_empty() { template.description } else { task.description },
        remind_before_ms: template.remind_before_ms,
        template: Some(template.name),
        ..task
    }
}

/// A task of these people, with nothing else said.
fn blank(title: String, creator: PersonId, people: Vec<PersonId>, scene: &Scene) -> Task {
    let zone = scene.zone.iana_name().unwrap_or(workdays::DEFAULT_ZONE);
    Task::blank(title, creator, people, zone, scene.at_ms)
}
