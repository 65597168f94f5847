//! `!set NO field value`: changes of one thing.

use cases::{Case, Refusal};
use kit::Heard;
use people::Chart;
use workdays::duration_ms;

use super::{Tasks, actions::moment};
use crate::{
    OfficeError,
    act::{Action, Change, refused},
    line::{mode_of, person_of, priority_of},
    repeat,
    task::Task,
};

/// What `!set` can change, for who wrote something else.
const FIELDS: &str = "!set TK-… title|desc|priority|tags|start|due|mode|parent|repeat|remind|@";

impl Tasks {
    /// The change of a line like `截止 周五 18:00`.
    pub(super) async fn change_of(
        &self,
        text: &str,
        case: &Case<Task>,
        chart: &Chart,
        heard: &Heard,
    ) -> Result<Result<Action, Refusal>, OfficeError> {
        let (field, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let value = value.trim();
        let is_off = matches!(value.to_lowercase().as_str(), "" | "无" | "none" | "off" | "-");
        let choice = |field, example| refused(field, "tk.problem.choice", example);
        let change = match field.to_lowercase().as_str() {
            "标题" | "title" => Ok(Change::Title(value.to_owned())),
            "描述" | "desc" | "description" => Ok(Change::Description(value.to_owned())),
            "优先级" | "priority" => priority_of(value.trim_start_matches(['!', '！']))
                .map(Change::Priority)
                .ok_or_else(|| choice("tk.field.priority", "紧急 高 中 低 / urgent high medium low")),
            "方式" | "mode" => {
                mode_of(value).map(Change::Mode).ok_or_else(|| choice("tk.field.mode", "任一 全部 / any all"))
            }
            "标签" | "tags" => {
                let tags = value.split_whitespace().filter(|_| !is_off);
                Ok(Change::Tags(tags.map(|tag| tag.trim_start_matches(['#', '＃']).to_owned()).collect()))
            }
            "开始" | "start" if is_off => Ok(Change::Start(None)),
            "开始" | "start" => moment(value, case, heard).map(|(at_ms, _)| Change::Start(Some(at_ms))),
            "截止" | "due" if is_off => Ok(Change::Due(None)),
            "截止" | "due" => moment(value, case, heard).map(|(at_ms, _)| Change::Due(Some(at_ms))),
            "重复" | "repeat" if is_off => Ok(Change::Repeat(None)),
            "重复" | "repeat" => {
                let rule = repeat::rule_of(value).unwrap_or_else(|| value.to_uppercase());
                Ok(Change::Repeat(Some(rule)))
            }
            "提醒" | "remind" => reminders(value, is_off),
            "上级" | "parent" if is_off => Ok(Change::Parent(None)),
            "上级" | "parent" => match self.parents(value).await? {
                Some(parents) => Ok(Change::Parent(Some(parents))),
                None => Err(Refusal::new("E107").with("no", value)),
            },
            "负责人" | "assignees" => {
                let people: Result<Vec<_>, Refusal> = value
                    .split_whitespace()
                    .map(|word| person_of(word.trim_start_matches('@'), chart))
                    .collect();
                return Ok(people.map(|people| Action::Assign { people }));
            }
            _ => Err(choice("tk.field.what", FIELDS)),
        };
        Ok(change.map(Action::Change))
    }
}

/// `1d 1h 0`: how long before it is due.
fn reminders(text: &str, is_off: bool) -> Result<Change, Refusal> {
    if is_off {
        return Ok(Change::Remind(Vec::new()));
    }
    let one = |word: &str| if word == "0" { Some(0) } else { duration_ms(word) };
    let mut before_ms: Vec<u64> = text
        .split([' ', ',', '，', '、'])
        .filter(|word| !word.is_empty())
        .map(one)
        .collect::<Option<_>>()
        .ok_or_else(|| refused("tk.field.remind", "tk.problem.duration", "1d 1h 0"))?;
    before_ms.sort_unstable_by(|one, other| other.cmp(one));
    before_ms.dedup();
    Ok(Change::Remind(before_ms))
}
