//! Commands, with a number or in answer to a card.

use cases::{Case, Exported, Refusal};
use kit::{Heard, Verb};
use people::{Chart, PersonId};
use store::Batch;
use workdays::duration_ms;

use super::{LOCALPART, PREFIX, Tasks};
use crate::{
    OfficeError,
    act::{Action, Check, refused},
    desk::{Actor, ORIGIN},
    limits::SNOOZE_MS,
    line::{DAY_ENDS, person_of},
    task::{Task, is_running},
    wire::{deliver::case_of_key, scene::zone_named},
};

/// The commands of the bot, the most used first.
pub(super) const VERBS: &[Verb] = &[
    Verb { id: "task", names: &["任务", "task", "tasks", "todo"], help: "tk.help.task" },
    Verb { id: "progress", names: &["进度", "progress"], help: "tk.help.progress" },
    Verb { id: "finish", names: &["完成", "finish", "done"], help: "tk.help.finish" },
    Verb { id: "assign", names: &["转派", "assign"], help: "tk.help.assign" },
    Verb { id: "postpone", names: &["延期", "postpone"], help: "tk.help.postpone" },
    Verb { id: "cancel", names: &["取消", "cancel"], help: "tk.help.cancel" },
    Verb { id: "reopen", names: &["重开", "reopen"], help: "tk.help.reopen" },
    Verb { id: "board", names: &["看板", "board"], help: "tk.help.board" },
    Verb { id: "set", names: &["修改", "set"], help: "tk.help.set" },
    Verb { id: "check", names: &["清单", "check"], help: "tk.help.check" },
    Verb { id: "accept", names: &["接受", "accept"], help: "tk.help.accept" },
    Verb { id: "decline", names: &["不接受", "decline"], help: "tk.help.decline" },
    Verb { id: "snooze", names: &["稍后", "snooze"], help: "tk.help.snooze" },
    Verb { id: "follow", names: &["关注", "follow"], help: "tk.help.follow" },
    Verb { id: "unfollow", names: &["取关", "unfollow"], help: "tk.help.unfollow" },
    Verb { id: "verify", names: &["校验", "verify"], help: "tk.help.verify" },
    Verb { id: "export", names: &["导出", "export"], help: "tk.help.export" },
];

/// What the first word of a command names.
enum Named<'a> {
    /// A task; what stands behind it.
    Task(&'a str, &'a str),
    /// Something that another bot numbers.
    Foreign,
    /// No number.
    Nothing,
}

fn named(arguments: &str) -> Named<'_> {
    let (first, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    let numbered = first.split_once('-').filter(|(prefix, digits)| {
        prefix.len() == 2
            && prefix.chars().all(|c| c.is_ascii_alphabetic())
            && digits.starts_with(|c: char| c.is_ascii_digit())
    });
    match numbered {
        Some((prefix, _)) if prefix.eq_ignore_ascii_case(PREFIX) => Named::Task(first, rest.trim()),
        Some(_) => Named::Foreign,
        None => Named::Nothing,
    }
}

impl Tasks {
    pub(super) async fn command(
        &self,
        heard: &Heard,
        verb: &str,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        match verb {
            "task" => return self.task_command(heard, arguments, batch).await,
            "board" => return self.board_command(heard, arguments, batch).await,
            _ => {}
        }
        let (case, rest) = match named(arguments) {
            Named::Task(no, rest) => match self.by_number(no).await? {
                Some(case) => (case, rest),
                None => return self.refuse(batch, heard, &Refusal::new("E107").with("no", no)).await,
            },
            // Where several bots are, whoever numbers it answers.
            Named::Foreign if !heard.is_direct => return Ok(()),
            Named::Foreign => {
                let no = arguments.split_whitespace().next().unwrap_or_default();
                return self.refuse(batch, heard, &Refusal::new("E107").with("no", no)).await;
            }
            Named::Nothing => match self.meant(heard).await? {
                Some(case) => (case, arguments),
                None => {
                    let refusal = refused("tk.field.number", "tk.problem.required", "TK-20261105-0001");
                    return self.refuse(batch, heard, &refusal).await;
                }
            },
        };
        match (verb, rest) {
            ("verify", _) => return self.verify(heard, &case, batch).await,
            ("export", _) => return self.export(heard, &case, batch).await,
            ("check", "") => return self.show_checklist(heard, &case, batch).await,
            _ => {}
        }
        let chart = self.house().await?.chart();
        match self.action(verb, rest, &case, &chart, heard).await? {
            Ok(action) => self.act(heard, case, &action, batch).await.map(|_| ()),
            Err(refusal) => self.refuse(batch, heard, &refusal).await,
        }
    }

    /// The task of the card that is answered, or, in a direct chat, the only one that runs.
    pub(super) async fn meant(&self, heard: &Heard) -> Result<Option<Case<Task>>, OfficeError> {
        let cases = &self.house().await?.cases;
        if let Some(id) = heard.on.as_deref().and_then(case_of_key) {
            return Ok(cases.get::<Task>(id).await?);
        }
        let actor = self.actor(heard).await?;
        let Some(me) = actor.person.filter(|_| heard.is_direct) else { return Ok(None) };
        match cases.listed(super::KIND, "todo", &me.0).await?.as_slice() {
            [only] => Ok(cases.get::<Task>(only).await?),
            _ => Ok(None),
        }
    }

    /// A task by its number.
    pub(super) async fn by_number(&self, no: &str) -> Result<Option<Case<Task>>, OfficeError> {
        let cases = &self.house().await?.cases;
        match cases.by_number(&no.to_uppercase()).await? {
            Some(id) => Ok(cases.get::<Task>(&id).await?.filter(|case| case.kind == super::KIND)),
            None => Ok(None),
        }
    }

    /// What a command does, or why it cannot be understood.
    async fn action(
        &self,
        verb: &str,
        rest: &str,
        case: &Case<Task>,
        chart: &Chart,
        heard: &Heard,
    ) -> Result<Result<Action, Refusal>, OfficeError> {
        let text = || (!rest.trim().is_empty()).then(|| rest.trim().to_owned());
        Ok(Ok(match verb {
            "progress" => match rest.trim_end_matches(['%', '％']).trim().parse::<u8>() {
                Ok(percent) => Action::Progress(percent),
                Err(_) => return Ok(Err(Refusal::new("E201"))),
            },
            "finish" => Action::Progress(100),
            "cancel" => Action::Cancel { reason: text() },
            "reopen" => Action::Reopen,
            "accept" => Action::Accept,
            "decline" => Action::Decline { reason: text() },
            "follow" => Action::Follow { yes: true },
            "unfollow" => Action::Follow { yes: false },
            "assign" => match people_of(rest, chart, heard) {
                Ok(people) => Action::Assign { people },
                Err(refusal) => return Ok(Err(refusal)),
            },
            "snooze" => match duration(rest) {
                Some(for_ms) => Action::Snooze { for_ms },
                None => return Ok(Err(refused("tk.field.snooze", "tk.problem.duration", "30m, 1h, 2d"))),
            },
            "postpone" => match moment(rest, case, heard) {
                Ok((due_ms, reason)) => Action::Postpone { due_ms, reason },
                Err(refusal) => return Ok(Err(refusal)),
            },
            "check" => match check(rest) {
                Some(check) => Action::Check(check),
                None => {
                    return Ok(Err(refused(
                        "tk.field.item",
                        "tk.problem.no_item",
                        "!清单 + 写大纲 / !check 1",
                    )));
                }
            },
            _ => return self.change_of(rest, case, chart, heard).await,
        }))
    }

    /// Walks the chain of records, for whoever may see the task.
    async fn verify(&self, heard: &Heard, case: &Case<Task>, batch: &mut Batch) -> Result<(), OfficeError> {
        if !self.may_see(heard, case).await? {
            return self.refuse(batch, heard, &Refusal::new("E107").with("no", &case.no)).await;
        }
        let verdict = self.house().await?.cases.verify(case, &cases::hash_of(ORIGIN.as_bytes())).await?;
        let pen = self.pen_of_account(&heard.sender).await?;
        let text = match verdict {
            Ok(good) => {
                let (records, signers) = (good.records.to_string(), good.signers.len().to_string());
                pen.say("tk.verify.good", &[("no", &case.no), ("records", &records), ("signers", &signers)])
            }
            Err(broken) => {
                let (fault, what) = broken.fault.words();
                let (seq, fault) = (broken.seq.to_string(), pen.say(fault, &[("what", what)]));
                pen.say("tk.verify.broken", &[("no", &case.no), ("seq", &seq), ("fault", &fault)])
            }
        };
        self.answer(batch, heard, &text);
        Ok(())
    }

    /// The task with its records and texts as a file for `lianqiao verify`, for whoever may see the task, into their
    /// direct chat.
    async fn export(&self, heard: &Heard, case: &Case<Task>, batch: &mut Batch) -> Result<(), OfficeError> {
        if !self.may_see(heard, case).await? {
            return self.refuse(batch, heard, &Refusal::new("E107").with("no", &case.no)).await;
        }
        let cases = &self.house().await?.cases;
        let exported = Exported {
            no: case.no.clone(),
            origin: ORIGIN.to_owned(),
            records: cases.records(&case.id).await?,
            texts: case.data.texts.clone(),
        };
        let text = office::export_of(cases, &exported)?;
        let pen = self.pen_of_account(&heard.sender).await?;
        let key = format!("tkx/{}", heard.event_id);
        let letter = office::export_letter((LOCALPART, key), &heard.sender, (&case.no, text), pen);
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        Ok(())
    }

    async fn show_checklist(
        &self,
        heard: &Heard,
        case: &Case<Task>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if !self.may_see(heard, case).await? {
            return self.refuse(batch, heard, &Refusal::new("E107").with("no", &case.no)).await;
        }
        let pen = self.pen_of_account(&heard.sender).await?;
        if case.data.checklist.is_empty() {
            self.answer(batch, heard, &pen.say("tk.checklist.none", &[("no", &case.no)]));
            return Ok(());
        }
        let lines = case.data.checklist.iter().enumerate().map(|(place, item)| {
            let (n, mark) = ((place + 1).to_string(), if item.is_done { "☑" } else { "☐" });
            pen.say("tk.checklist.line", &[("n", &n), ("mark", mark), ("text", &item.text)])
        });
        self.answer_about(batch, heard, case, &lines.collect::<Vec<_>>().join("\n"), pen);
        Ok(())
    }

    /// Whether somebody may see a task, by the same rule as for acting on it.
    pub(super) async fn may_see(&self, heard: &Heard, case: &Case<Task>) -> Result<bool, OfficeError> {
        let actor: Actor = self.actor(heard).await?;
        let scene = self.scene_at(case, heard).await?;
        Ok(crate::desk::Desk::new(scene.world(), &actor, case).only_involved().is_ok())
    }
}

/// How long; an hour where nothing is said.
fn duration(text: &str) -> Option<u64> {
    if text.trim().is_empty() { Some(SNOOZE_MS) } else { duration_ms(text) }
}

fn check(text: &str) -> Option<Check> {
    let text = text.trim();
    if let Some(new) = text.strip_prefix(['+', '＋']) {
        return Some(Check::Add(new.trim().to_owned()));
    }
    if let Some(gone) = text.strip_prefix(['-', '－']) {
        return gone.trim().parse().ok().map(Check::Remove);
    }
    text.parse().ok().map(Check::Toggle)
}

/// A moment in front, and what stands behind it (E203).
pub(super) fn moment(text: &str, case: &Case<Task>, heard: &Heard) -> Result<(u64, String), Refusal> {
    let zone = zone_named(&case.data.zone);
    let words: Vec<&str> = text.split_whitespace().collect();
    let now = workdays::local(heard.received_ms, &zone);
    match workdays::read_when(&words, now) {
        Some((when, used)) => {
            let reason = words.get(used..).unwrap_or_default().join(" ");
            Ok((workdays::to_ms(when.at(DAY_ENDS), &zone), reason))
        }
        None => Err(Refusal::new("E203").with("text", words.first().copied().unwrap_or_default())),
    }
}

/// All the people that a line names or mentions (E110).
fn people_of(text: &str, chart: &Chart, heard: &Heard) -> Result<Vec<PersonId>, Refusal> {
    let mut people: Vec<PersonId> = Vec::new();
    for word in text.split_whitespace() {
        let mut mentioned = heard.mentions.iter().filter_map(|account| chart.by_account(account));
        let found = match mentioned.find(|person| word.starts_with(&person.name)) {
            Some(person) => person.id.clone(),
            None => person_of(word.strip_prefix('@').unwrap_or(word), chart)?,
        };
        people.push(found);
    }
    if people.is_empty() {
        return Err(refused("tk.field.person", "tk.problem.required", "@lisi"));
    }
    Ok(people)
}

/// Whether a task is to be listed.
pub(super) fn is_listed(case: &Case<Task>) -> bool {
    is_running(&case.state)
}
