//! Our cards in the platform's second generation. Words stand in plain text elements, where nothing is markup. A line to write
//! stands in a form together with the buttons, because only a button of a form brings what was written.

use bridge_api::{Button, ButtonStyle, Card, Input, Speaker, limits::BUTTONS_MAX};
use serde_json::{Value, json};

use crate::limits::POST_BYTES_MAX;

/// Where a button's value names the button.
pub const ACTION: &str = "action";
/// Where a button's value holds what comes back with it.
pub const VALUES: &str = "values";
/// What the form of a card is called.
const FORM: &str = "lianqiao_form";

/// The card as the platform takes it. A body too long for it is cut.
pub fn json(card: &Card, speaker: &Speaker) -> String {
    let body = card.body.to_plain();
    let whole = written(card, speaker, &body);
    if whole.len() <= POST_BYTES_MAX {
        return whole;
    }
    // A letter takes six bytes of JSON at most.
    let over = whole.len() - POST_BYTES_MAX;
    let room = body.len().saturating_sub(over + 8);
    let cut = |room: usize| format!("{}…", body.get(..body.floor_char_boundary(room)).unwrap_or_default());
    let shorter = written(card, speaker, &cut(room));
    if shorter.len() <= POST_BYTES_MAX { shorter } else { written(card, speaker, &cut(room / 6)) }
}

fn written(card: &Card, speaker: &Speaker, body: &str) -> String {
    let mut elements = Vec::new();
    let words = [speaker.name.as_str(), body];
    elements.extend(words.into_iter().filter(|words| !words.trim().is_empty()).map(paragraph));
    let buttons: Vec<Value> = card.buttons.iter().take(BUTTONS_MAX).map(button).collect();
    match &card.input {
        Some(input) if !buttons.is_empty() => elements.push(form(input, buttons)),
        Some(_) | None => elements.extend(buttons),
    }
    let colour = if card.buttons.is_empty() { "grey" } else { "blue" };
    let mut whole = json!({
        "schema": "2.0",
        "config": { "update_multi": true },
        "body": { "elements": elements },
    });
    if !card.title.trim().is_empty() {
        whole["header"] = json!({ "title": plain(&card.title), "template": colour });
    }
    whole.to_string()
}

fn button(button: &Button) -> Value {
    let kind = match button.style {
        ButtonStyle::Plain => "default",
        ButtonStyle::Primary => "primary",
        ButtonStyle::Danger => "danger",
    };
    let value = json!({ ACTION: button.action, VALUES: button.values });
    let behaviour = json!({ "type": "callback", "value": value });
    json!({ "tag": "button", "text": plain(&button.label), "type": kind, "behaviors": [behaviour] })
}

/// A line to write and the buttons that send it. Everything in a form has a name that nothing else on the card has.
fn form(input: &Input, buttons: Vec<Value>) -> Value {
    let line = json!({ "tag": "input", "name": input.name, "placeholder": plain(&input.label) });
    let named = buttons.into_iter().enumerate().map(|(index, mut button)| {
        button["name"] = json!(format!("{FORM}_button_{index}"));
        button["form_action_type"] = json!("submit");
        button
    });
    let elements: Vec<Value> = [line].into_iter().chain(named).collect();
    json!({ "tag": "form", "name": FORM, "elements": elements })
}

fn paragraph(text: &str) -> Value {
    json!({ "tag": "div", "text": plain(text) })
}

fn plain(text: &str) -> Value {
    json!({ "tag": "plain_text", "content": text })
}

#[cfg(test)]
mod tests {
    use bridge_api::RichText;

    use super::*;

    fn card(body: &str) -> Card {
        let values = [("req".to_owned(), "r1".to_owned())].into();
        let button =
            Button { action: "approve".into(), label: "同意".into(), style: ButtonStyle::Primary, values };
        Card {
            title: "请假".into(),
            body: RichText::plain(body),
            buttons: vec![button],
            input: None,
            revision: 1,
        }
    }

    #[test]
    fn a_card_has_its_words_plain_and_its_buttons_with_values() {
        let written: Value =
            serde_json::from_str(&json(&card("<at id=all></at> **2** days"), &Speaker::default()))
                .expect("JSON");
        assert_eq!(written["schema"], "2.0");
        assert_eq!(written["config"]["update_multi"], true);
        assert_eq!(written["header"]["title"]["content"], "请假");
        let elements = &written["body"]["elements"];
        assert_eq!(elements[0]["text"], json!({"tag":"plain_text","content":"<at id=all></at> **2** days"}));
        assert_eq!(elements[1]["type"], "primary");
        assert_eq!(elements[1]["behaviors"][0]["value"], json!({"action":"approve","values":{"req":"r1"}}));
    }

    #[test]
    fn a_line_to_write_stands_in_a_form_with_the_buttons() {
        let input = Some(Input { name: "reason".into(), label: "理由".into() });
        let written = |card: &Card| {
            serde_json::from_str::<Value>(&json(card, &Speaker::default())).expect("JSON")["body"]["elements"]
                .clone()
        };
        let elements = written(&Card { input: input.clone(), ..card("2 days") });
        let form = &elements[1];
        assert_eq!((&form["tag"], &form["elements"][0]["name"]), (&json!("form"), &json!("reason")));
        assert_eq!(form["elements"][0]["placeholder"]["content"], "理由");
        let button = &form["elements"][1];
        assert_eq!((&button["form_action_type"], &button["type"]), (&json!("submit"), &json!("primary")));
        assert_eq!(button["name"], "lianqiao_form_button_0");
        assert_eq!(button["behaviors"][0]["value"]["action"], "approve");
        // Nobody could send what was written.
        let read_only = written(&Card { input, buttons: Vec::new(), ..card("2 days") });
        assert_eq!(read_only.as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn a_long_card_is_cut_to_what_the_platform_takes() {
        for body in ["好".repeat(20_000), "\"".repeat(40_000)] {
            let written = json(&card(&body), &Speaker { name: "Li".into(), person: None });
            assert!(written.len() <= POST_BYTES_MAX, "{}", written.len());
            assert!(written.contains('…') && written.contains("approve"));
        }
    }
}
