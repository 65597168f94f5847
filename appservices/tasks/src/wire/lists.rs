//! `!task` and what it lists.

use std::collections::BTreeSet;

use cases::{Case, Refusal};
use kit::Heard;
use people::Chart;
use store::Batch;

use super::{KIND, Tasks, commands::is_listed};
use crate::{
    OfficeError,
    board::order,
    card::{body, headline},
    desk::zone_of,
    limits::{DEPARTMENT_PEOPLE_MAX, LIST_LINES_MAX},
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
        if let Some(list) = List::named(arguments) {
            return self.list(heard, list, batch).await;
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
        self.answer(batch, heard, &body(&case, &scene.world(), pen));
        Ok(())
    }

    async fn list(&self, heard: &Heard, list: List, batch: &mut Batch) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let Some(me) = chart.by_account(&heard.sender) else {
            return self.refuse(batch, heard, &Refusal::new("E108").with("platform", "matrix")).await;
        };
        let pen = self.pen_of_account(&heard.sender).await?;
        let scene = self.scene(zone_of(me), heard.received_ms).await?;
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
            List::Department => below(&chart, me),
        };
        let mut tasks = self.tasks_in(&wanted).await?;
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
        lines.extend(tasks.iter().take(LIST_LINES_MAX).map(|case| headline(case, &world, pen)));
        let more = tasks.len().saturating_sub(LIST_LINES_MAX);
        if more > 0 {
            lines.push(pen.say("tk.list.more", &[("count", &more.to_string())]));
        }
        self.answer(batch, heard, &lines.join("\n"));
        Ok(())
    }

    /// The running tasks of these lists, each once.
    pub(super) async fn tasks_in(&self, lists: &[(&str, String)]) -> Result<Vec<Case<Task>>, OfficeError> {
        let cases = &self.house().await?.cases;
        let mut ids = BTreeSet::new();
        for (list, who) in lists {
            ids.extend(cases.listed(KIND, list, who).await?);
        }
        let mut tasks = Vec::new();
        for id in ids {
            tasks.extend(cases.get::<Task>(&id).await?.filter(is_listed));
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
