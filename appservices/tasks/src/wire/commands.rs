//! Commands, with a number or in answer to a card.

use cases::{Case, Refusal};
use kit::{Heard, Verb};
use store::Batch;

use super::{PREFIX, Tasks, deliver::case_of_key};
use crate::{
    OfficeError,
    act::refused,
    desk::{Actor, Desk},
    task::{Task, is_running},
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
        if self.inspect(heard, (verb, rest), &case, batch).await? {
            return Ok(());
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

    /// Whether somebody may see a task, by the same rule as for acting on it.
    pub(super) async fn may_see(&self, heard: &Heard, case: &Case<Task>) -> Result<bool, OfficeError> {
        let actor: Actor = self.actor(heard).await?;
        let scene = self.scene_at(case, heard).await?;
        Ok(Desk::new(scene.world(), &actor, case).only_involved().is_ok())
    }
}

/// Whether a task is to be listed.
pub(super) fn is_listed(case: &Case<Task>) -> bool {
    is_running(&case.state)
}
