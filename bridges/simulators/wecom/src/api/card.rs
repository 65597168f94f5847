//! The rules of template cards.

use serde_json::Value;

use super::reading::text;
use crate::refusal::Refusal;

const TASK_ID_BYTES_MAX: usize = 128;
const KEY_BYTES_MAX: usize = 1_024;

/// Types of cards that wait for somebody.
const INTERACTIVE: &[&str] = &["button_interaction", "vote_interaction", "multiple_interaction"];

/// Whether a card gets a code by which it is changed.
pub(super) fn has_response_code(card: &Value) -> bool {
    INTERACTIVE.contains(&text(card, "card_type"))
}

fn list<'a>(card: &'a Value, name: &str) -> &'a [Value] {
    card.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn between(items: &[Value], least: usize, most: usize, what: &str) -> Result<(), Refusal> {
    let right = (least..=most).contains(&items.len());
    right.then_some(()).ok_or_else(|| Refusal::parameter(&format!("{what} has a wrong number of items")))
}

fn needed(value: Option<&Value>, what: &str) -> Result<(), Refusal> {
    let present = value.is_some_and(|value| !value.is_null() && *value != Value::String(String::new()));
    present.then_some(()).ok_or_else(|| Refusal::parameter(&format!("{what} is missing")))
}

fn has_title(card: &Value) -> bool {
    !card.get("main_title").map_or("", |title| text(title, "title")).is_empty()
}

/// Refuses a card that the platform refuses. Webhooks send notices alone; bots may leave the action of a notice out.
pub(super) fn check(card: &Value, notices_alone: bool, by_bot: bool) -> Result<(), Refusal> {
    let kind = text(card, "card_type");
    if notices_alone && INTERACTIVE.contains(&kind) {
        return Err(Refusal::new(40_008));
    }
    between(list(card, "horizontal_content_list"), 0, 6, "horizontal_content_list")?;
    between(list(card, "jump_list"), 0, 3, "jump_list")?;
    let menu = card.get("action_menu");
    if let Some(menu) = menu {
        between(list(menu, "action_list"), 1, 3, "action_list")?;
    }
    task_id(card, menu.is_some() || INTERACTIVE.contains(&kind))?;
    match kind {
        "text_notice" | "news_notice" => {
            let told = has_title(card) || (kind == "text_notice" && !text(card, "sub_title_text").is_empty());
            if !told {
                return Err(Refusal::parameter("main_title is missing"));
            }
            between(list(card, "vertical_content_list"), 0, 4, "vertical_content_list")?;
            if kind == "news_notice" {
                needed(card.get("card_image").or_else(|| card.get("image_text_area")), "card_image")?;
            }
            if by_bot { Ok(()) } else { needed(card.get("card_action"), "card_action") }
        }
        "button_interaction" => {
            if !has_title(card) {
                return Err(Refusal::parameter("main_title is missing"));
            }
            between(list(card, "button_list"), 1, 6, "button_list")?;
            list(card, "button_list").iter().try_for_each(button)
        }
        "vote_interaction" => {
            needed(card.get("checkbox"), "checkbox")?;
            let options = card.get("checkbox").map(|checkbox| list(checkbox, "option_list"));
            between(options.unwrap_or_default(), 1, 20, "option_list")?;
            needed(card.get("submit_button"), "submit_button")
        }
        "multiple_interaction" => {
            between(list(card, "select_list"), 1, 3, "select_list")?;
            let right = |select: &Value| between(list(select, "option_list"), 1, 10, "option_list");
            list(card, "select_list").iter().try_for_each(right)?;
            needed(card.get("submit_button"), "submit_button")
        }
        _ => Err(Refusal::parameter("card_type")),
    }
}

fn button(button: &Value) -> Result<(), Refusal> {
    needed(button.get("text"), "the text of a button")?;
    if button.get("type").and_then(Value::as_u64) == Some(1) {
        return needed(button.get("url"), "the url of a button");
    }
    needed(button.get("key"), "the key of a button")?;
    let short = text(button, "key").len() <= KEY_BYTES_MAX;
    short.then_some(()).ok_or_else(|| Refusal::parameter("the key of a button is too long"))
}

fn task_id(card: &Value, is_needed: bool) -> Result<(), Refusal> {
    let id = text(card, "task_id");
    if id.is_empty() && is_needed {
        return Err(Refusal::parameter("task_id is missing"));
    }
    let right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@');
    if id.len() > TASK_ID_BYTES_MAX || !id.bytes().all(right) {
        return Err(Refusal::parameter("task_id"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cards_are_taken_or_refused_as_documented() {
        let buttons = |task: &str, count: usize| {
            let button = json!({ "text": "Yes", "key": "y" });
            json!({
                "card_type": "button_interaction", "task_id": task, "main_title": { "title": "Leave" },
                "button_list": vec![button; count],
            })
        };
        let notice = json!({ "card_type": "text_notice", "sub_title_text": "Done" });
        let mut whole = notice.clone();
        whole["card_action"] = json!({ "type": 1, "url": "https://example.org" });
        let cases = [
            (buttons("leave-42@1_a", 6), false, false, true),
            (buttons("leave-42", 7), false, false, false),
            (buttons("leave 42", 1), false, false, false),
            (buttons("", 1), false, false, false),
            (buttons("leave-42", 1), true, false, false),
            (notice.clone(), false, false, false),
            (notice, false, true, true),
            (whole, true, false, true),
            (json!({ "card_type": "another" }), false, false, false),
        ];
        for (card, notices_alone, by_bot, taken) in cases {
            assert_eq!(check(&card, notices_alone, by_bot).is_ok(), taken, "{card}");
        }
    }
}
