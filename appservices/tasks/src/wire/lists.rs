//! `!task` and what it lists.

use std::collections::BTreeSet;

use cases::{Case, Refusal, limits::LISTED_MAX};
use kit::Heard;
use people::Chart;
use store::Batch;

use super::{KIND, Tasks, commands::is_listed, templates};
use crate::{
    OfficeError,
    board::order,
    card::{Card, body, line},
    desk::zone_of,
    limits::{DEPARTMENT_PEOPLE_MAX, LIST_LINES_MAX, TASKS_READ_MAX},
    task::Task,
};

/// A list by name.
#[derive(Clone, Copy)]
enum List {
    Mine,
    Room,
    Department,
    Overdue,
}

impl List {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "mine" | "我的" => Self::Mine,
            "room" | "本群" => Self::Room,
            "dept" | "部门" => Self::Department,
            "overdue" | "逾期" => Self::Overdue,
            _ => return None,
        })
    }

    /// The key of the command that shows it.
    const fn command(self) -> &'static str {
        match self {
            Self::Mine => "tk.list.command.mine",
            Self::Room => "tk.list.command.room",
            Self::Department => "tk.list.command.dept",
            Self::Overdue => "tk.list.command.overdue",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Mine => "tk.list.mine",
            Self::Room => "tk.list.room",
            Self::Department => "tk.list.dept",
            Self::Overdue => "tk.list.overdue",
        }
    }
}

impl Tasks {
    /// A list, a task by its number, or a new task.
    pub(super) async fn task_command(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let arguments = arguments.trim();
        let (word, page) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, "1"));
        if let (Some(list), Ok(page)) = (List::named(word), page.trim().parse::<usize>()) {
            return self.list(heard, list, page, batch).await;
        }
        if let Some(order) = templates::order(arguments) {
            return Box::pin(self.template_command(heard, order, batch)).await;
        }
        let is_number = !arguments.contains(char::is_whitespace)
            && arguments.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("TK-"));
        if is_number {
            return self.show(heard, arguments, batch).await;
        }
        Box::pin(self.create(heard, arguments, batch)).await
    }

    async fn show(&self, heard: &Heard, no: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        let found = self.by_number(no).await?;
        let Some(case) = found else {
            return self.refuse(batch, heard, &Refusal::new("E107").with("no", no)).await;
        };
        if !self.may_see(heard, &case).await? {
            return self.refuse(batch, heard, &Refusal::new("E107").with("no", no)).await;
        }
        let scene = self.scene_at(&case, heard).await?;
        let pen = self.pen_of_account(&heard.sender).await?;
        self.answer_about(batch, heard, &case, &body(&Card::Room, &case, &scene.world(), pen), pen);
        Ok(())
    }

    async fn list(
        &self,
        heard: &Heard,
        list: List,
        page: usize,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let Some(me) = self.colleague(heard, batch).await? else { return Ok(()) };
        let pen = self.pen_of_account(&heard.sender).await?;
        let scene = self.scene(zone_of(&me), heard.received_ms).await?;
        let wanted: Vec<(&str, String)> = match list {
            List::Mine => vec![("todo", me.id.0.clone())],
            List::Overdue => vec![("todo", me.id.0.clone()), ("made", me.id.0.clone())],
            List::Room if heard.is_direct => {
                self.answer(batch, heard, &pen.say("tk.list.here", &[]));
                return Ok(());
            }
            List::Room => vec![("room", heard.room.to_string())],
            List::Department if me.head_of.is_empty() => {
                let refusal = Refusal::new("E102").with("role", "head").with("scope", "dept_tree");
                return self.refuse(batch, heard, &refusal).await;
            }
            List::Department => below(&self.house().await?.chart(), &me),
        };
        let mut tasks = self.tasks_in(&wanted, TASKS_READ_MAX).await?;
        if matches!(list, List::Overdue) {
            tasks.retain(|case| case.data.due_ms.is_some_and(|due_ms| due_ms < scene.at_ms));
        }
        order(&mut tasks);
        if tasks.is_empty() {
            self.answer(batch, heard, &pen.say("tk.list.none", &[]));
            return Ok(());
        }
        let count = tasks.len().to_string();
        let what = pen.say(list.text(), &[]);
        let mut lines = vec![pen.say("tk.list.head", &[("what", &what), ("count", &count)])];
        let world = scene.world();
        let page = page.clamp(1, tasks.len().div_ceil(LIST_LINES_MAX));
        let shown = tasks.iter().skip((page - 1) * LIST_LINES_MAX).take(LIST_LINES_MAX);
        lines.extend(shown.map(|case| line(case, &world, pen)));
        let more = tasks.len().saturating_sub(page * LIST_LINES_MAX);
        if more > 0 {
            let command = pen.say(list.command(), &[]);
            let (more, next) = (more.to_string(), (page + 1).to_string());
            let values = [("count", more.as_str()), ("command", &command), ("page", &next)];
            lines.push(pen.say("tk.list.pages", &values));
        }
        if tasks.len() >= TASKS_READ_MAX {
            lines.push(pen.say("tk.list.most", &[("count", &TASKS_READ_MAX.to_string())]));
        }
        self.answer(batch, heard, &lines.join("\n"));
        Ok(())
    }

    /// The running tasks of these lists, each once; of more than `read_max` the newest.
    pub(super) async fn tasks_in(
        &self,
        lists: &[(&str, String)],
        read_max: usize,
    ) -> Result<Vec<Case<Task>>, OfficeError> {
        let cases = &self.house().await?.cases;
        let mut ids = BTreeSet::new();
        for (list, who) in lists {
            let (mut last, mut read): (Option<String>, usize) = (None, 0);
            while read < read_max {
                let page = cases.listed_before(KIND, list, who, last.as_deref()).await?;
                let is_last = page.len() < LISTED_MAX;
                read += page.len();
                last = page.last().cloned();
                ids.extend(page);
                if is_last {
                    break;
                }
            }
        }
        let mut tasks = Vec::new();
        // Ids rise with time.
        for id in ids.iter().rev().take(read_max) {
            tasks.extend(cases.get::<Task>(id).await?.filter(is_listed));
        }
        Ok(tasks)
    }
}

/// The lists of everybody in the departments that somebody heads, and below them.
fn below(chart: &Chart, head: &people::Person) -> Vec<(&'static str, String)> {
    let is_below = |path: &people::DepartmentPath| head.head_of.iter().any(|mine| path.is_within(mine));
    let people: BTreeSet<&String> = chart
        .departments()
        .filter(|(path, _)| is_below(path))
        .flat_map(|(_, department)| department.members.iter().map(|member| &member.0))
        .collect();
    people.into_iter().take(DEPARTMENT_PEOPLE_MAX).map(|id| ("todo", id.clone())).collect()
}
