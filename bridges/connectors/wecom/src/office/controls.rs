//! What the form of an approval says, control by control. Pure. Controls whose values are not documented are left out.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use serde_json::Value;

use crate::{
    lenient::{items, number, text},
    limits::{APPROVAL_TABLE_ROWS_MAX, APPROVAL_VALUE_CHARACTERS_MAX},
};

/// The platform's clocks show the time of China.
const CHINA: Offset = jiff::tz::offset(8);

/// Name and value of a control; nothing where there is none to show.
pub fn line(control: &Value) -> Option<(String, String)> {
    line_within(control, true)
}

fn line_within(control: &Value, may_be_table: bool) -> Option<(String, String)> {
    let name = worded(control, "title")?;
    let kind = text(control, "control")?;
    let value = control.get("value")?;
    let said = match kind.as_str() {
        "Text" | "Textarea" => text(value, "text"),
        "Number" => text(value, "new_number"),
        "Money" => text(value, "new_money"),
        "Date" => value.get("date").and_then(|date| time(date, "s_timestamp", text(date, "type"))),
        "Selector" => value.get("selector").and_then(chosen),
        "Contact" => Some(called(value)),
        "File" => {
            Some(items(value, "files").len()).filter(|files| *files > 0).map(|files| format!("📎 {files}"))
        }
        "Table" if may_be_table => Some(table(value)),
        "DateRange" => value.get("date_range").and_then(range),
        "Attendance" => value.get("attendance").and_then(|all| range(all.get("date_range")?)),
        "Vacation" => {
            let kind = value.pointer("/vacation/selector").and_then(chosen);
            let when = value.pointer("/vacation/attendance/date_range").and_then(range);
            Some(kind.into_iter().chain(when).collect::<Vec<_>>().join(" · "))
        }
        "Location" => {
            let place = value.get("location")?;
            let parts = [text(place, "title"), text(place, "address")];
            Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
        }
        "RelatedApproval" => {
            let numbers = items(value, "related_approval").iter().filter_map(|one| text(one, "sp_no"));
            Some(numbers.collect::<Vec<_>>().join(", "))
        }
        "Formula" => value.get("formula").and_then(|formula| text(formula, "value")),
        "PunchCorrection" => {
            value.get("punch_correction").and_then(|correction| time(correction, "time", None))
        }
        _ => None,
    };
    let said = said.filter(|said| !said.is_empty())?;
    Some((name, said.chars().take(APPROVAL_VALUE_CHARACTERS_MAX).collect()))
}

/// A text that stands there in several languages: in Chinese where it does.
fn worded(value: &Value, name: &str) -> Option<String> {
    let texts = items(value, name);
    let chinese = texts.iter().find(|one| text(one, "lang").is_some_and(|lang| lang.starts_with("zh")));
    text(chinese.or_else(|| texts.first())?, "text")
}

fn chosen(selector: &Value) -> Option<String> {
    let one = |option: &Value| worded(option, "value").or_else(|| text(option, "key"));
    let chosen: Vec<String> = items(selector, "options").iter().filter_map(one).collect();
    (!chosen.is_empty()).then(|| chosen.join(", "))
}

fn called(value: &Value) -> String {
    let people =
        items(value, "members").iter().filter_map(|one| text(one, "name").or_else(|| text(one, "userid")));
    let departments = items(value, "departments").iter().filter_map(|one| text(one, "name"));
    people.chain(departments).collect::<Vec<_>>().join(", ")
}

fn table(value: &Value) -> String {
    let row = |row: &Value| {
        let cells = items(row, "list").iter().filter_map(|cell| line_within(cell, false));
        cells.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(" · ")
    };
    items(value, "children").iter().take(APPROVAL_TABLE_ROWS_MAX).map(row).collect::<Vec<_>>().join("; ")
}

fn range(range: &Value) -> Option<String> {
    let kind = text(range, "type");
    let at = |name| time(range, name, kind.clone());
    Some(format!("{} – {}", at("new_begin")?, at("new_end")?))
}

/// A time; by the day alone where the control says so.
fn time(value: &Value, name: &str, kind: Option<String>) -> Option<String> {
    let at = Timestamp::from_second(i64::try_from(number(value, name)?).ok()?).ok()?;
    let form = if kind.as_deref() == Some("day") { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
    Some(TimeZone::fixed(CHINA).to_datetime(at).strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(control: &str, value: Value) -> Option<String> {
        let control = json!({"control": control, "id": "x", "title": [
            {"text": "Why", "lang": "en"}, {"text": "事由", "lang": "zh_CN"}], "value": value});
        let (name, value) = line(&control)?;
        assert_eq!(name, "事由");
        Some(value)
    }

    #[test]
    fn every_documented_control_says_its_value() {
        let range = json!({"type": "halfday", "new_begin": 1_700_000_000, "new_end": 1_700_086_400, "new_duration": 86_400});
        let kind = json!({"type": "single", "options": [{"key": "1", "value": [{"text": "年假", "lang": "zh_CN"}]}]});
        let table = [
            ("Text", json!({"text": "a"}), "a"),
            ("Number", json!({"new_number": "12.5"}), "12.5"),
            ("Money", json!({"new_money": "99.00"}), "99.00"),
            ("Date", json!({"date": {"type": "day", "s_timestamp": "1700000000"}}), "2023-11-15"),
            ("Date", json!({"date": {"type": "hour", "s_timestamp": "1700000000"}}), "2023-11-15 06:13"),
            (
                "Selector",
                json!({"selector": {"type": "multi", "options": [{"key": "k"}, {"key": "l"}]}}),
                "k, l",
            ),
            ("Contact", json!({"members": [{"userid": "a", "name": "A"}]}), "A"),
            ("Contact", json!({"departments": [{"openapi_id": "2", "name": "R&D"}]}), "R&D"),
            ("File", json!({"files": [{"file_id": "1"}, {"file_id": "2"}]}), "📎 2"),
            ("DateRange", json!({"date_range": range}), "2023-11-15 06:13 – 2023-11-16 06:13"),
            (
                "Attendance",
                json!({"attendance": {"type": 3, "date_range": range}}),
                "2023-11-15 06:13 – 2023-11-16 06:13",
            ),
            (
                "Vacation",
                json!({"vacation": {"selector": kind, "attendance": {"date_range": range}}}),
                "年假 · 2023-11-15 06:13 – 2023-11-16 06:13",
            ),
            ("Location", json!({"location": {"title": "Tower", "address": "Road 1"}}), "Tower · Road 1"),
            ("RelatedApproval", json!({"related_approval": [{"sp_no": "1"}]}), "1"),
            ("Formula", json!({"formula": {"value": "3"}}), "3"),
            ("PunchCorrection", json!({"punch_correction": {"time": 1_700_000_000}}), "2023-11-15 06:13"),
        ];
        for (control, value, expected) in table {
            assert_eq!(said(control, value).as_deref(), Some(expected), "{control}");
        }
        let cell = json!({"control": "Text", "title": [{"text": "物品"}], "value": {"text": "笔"}});
        let rows = json!({"children": [{"list": [cell, cell]}, {"list": [cell]}]});
        assert_eq!(said("Table", rows).as_deref(), Some("物品 笔 · 物品 笔; 物品 笔"));
        for (control, value) in [
            ("Tips", json!({})),
            ("Text", json!({"text": ""})),
            ("BankAccount", json!({"bank_account": {"number": "1"}})),
            ("Contact", json!({})),
        ] {
            assert_eq!(said(control, value), None, "{control}");
        }
    }
}
