//! Cards: what makes one wrong, how it looks in a message, and its buttons.

use serde_json::{Value, json};
use simulator_stage::Field;

use crate::refusal::Refusal;

/// Elements of one card.
const ELEMENTS_MAX: usize = 200;
/// How deep a card may be nested before it is refused.
const DEPTH_MAX: usize = 30;

/// A button that can be pressed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Button {
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) value: Value,
}

fn wrong(sub_code: i64, text: &str) -> Refusal {
    Refusal::ext(230_099, &format!("ErrCode: {sub_code}; ErrMsg: {text}"))
}

fn is_second_generation(card: &Value) -> bool {
    card.get("schema").and_then(Value::as_str) == Some("2.0")
}

/// Whether a card may be changed after it was sent.
pub(crate) fn is_changeable(card: &Value) -> bool {
    let declared = card.pointer("/config/update_multi").and_then(Value::as_bool);
    declared.unwrap_or(is_second_generation(card))
}

/// Refuses what the platform refuses.
pub(crate) fn check(card: &Value) -> Result<(), Refusal> {
    if !card.is_object() {
        return Err(wrong(200_621, "parse card json err"));
    }
    let mut elements = 0;
    walk(card, 0, false, &mut |element, in_form| {
        elements += 1;
        let tag = element.get("tag").and_then(Value::as_str).unwrap_or_default();
        if is_second_generation(card) && tag == "action" {
            return Err(wrong(200_861, "unsupported tag action in schema 2.0"));
        }
        let named = element.get("name").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
        if in_form && !named && ["button", "input", "select_static", "date_picker"].contains(&tag) {
            return Err(wrong(200_530, "form element name is empty"));
        }
        Ok(())
    })?;
    if elements > ELEMENTS_MAX { Err(wrong(11_310, "element exceeds the limit")) } else { Ok(()) }
}

/// Calls `visit` with everything that has a tag.
fn walk(
    value: &Value,
    depth: usize,
    in_form: bool,
    visit: &mut dyn FnMut(&Value, bool) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    if depth > DEPTH_MAX {
        return Err(wrong(200_621, "the card is nested too deeply"));
    }
    let mut in_form = in_form;
    if let Some(tag) = value.get("tag").and_then(Value::as_str) {
        visit(value, in_form)?;
        in_form |= tag == "form";
    }
    match value {
        Value::Object(fields) => {
            // What a button carries is its own business, and what is written on it or on an input is no element.
            let labels: &[&str] = match fields.get("tag").and_then(Value::as_str) {
                Some("button") => &["text"],
                Some("input") => &["label", "placeholder"],
                _ => &[],
            };
            let own = |name: &str| ["value", "behaviors"].contains(&name) || labels.contains(&name);
            let inside = fields.iter().filter(|(name, _)| !own(name.as_str()));
            inside.map(|(_, inner)| inner).try_for_each(|inner| walk(inner, depth + 1, in_form, visit))
        }
        Value::Array(items) => items.iter().try_for_each(|item| walk(item, depth + 1, in_form, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn label(element: &Value) -> String {
    let text = element.pointer("/text/content").or_else(|| element.get("content")).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// The buttons of a card, from top to bottom.
pub(crate) fn buttons(card: &Value) -> Vec<Button> {
    let mut found = Vec::new();
    let ended = walk(card, 0, false, &mut |element, _| {
        if element.get("tag").and_then(Value::as_str) != Some("button") {
            return Ok(());
        }
        let behaviors = element.get("behaviors").and_then(Value::as_array).into_iter().flatten();
        let mut callbacks =
            behaviors.filter(|behavior| behavior.get("type").and_then(Value::as_str) == Some("callback"));
        let value =
            callbacks.next().and_then(|behavior| behavior.get("value")).or_else(|| element.get("value"));
        if let Some(value) = value {
            let name = element.get("name").and_then(Value::as_str).unwrap_or_default();
            found.push(Button { label: label(element), name: name.to_owned(), value: value.clone() });
        }
        Ok(())
    });
    // Only a card that was refused before is nested too deeply.
    if ended.is_err() { Vec::new() } else { found }
}

/// The lines of text that a card asks for, from top to bottom.
pub(crate) fn inputs(card: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    let ended = walk(card, 0, false, &mut |element, _| {
        if element.get("tag").and_then(Value::as_str) == Some("input") {
            let text =
                |path: &str| element.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
            let label = text("/label/content").or(text("/placeholder/content")).unwrap_or_default();
            found.push(Field { name: text("/name").unwrap_or_default().to_owned(), label: label.to_owned() });
        }
        Ok(())
    });
    // Only a card that was refused before is nested too deeply.
    if ended.is_err() { Vec::new() } else { found }
}

/// The rendering that messages carry: the title, and one line of elements for each that stands in the body.
pub(crate) fn simplified(card: &Value) -> Value {
    let title = card.pointer("/header/title/content").and_then(Value::as_str).unwrap_or_default();
    let body = card.pointer("/body/elements").or_else(|| card.get("elements"));
    let lines: Vec<Value> = body
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|element| {
            let mut line = Vec::new();
            // What stands in the body is not nested too deeply: the whole was checked.
            let _ = walk(element, 0, false, &mut |inner, _| {
                match inner.get("tag").and_then(Value::as_str).unwrap_or_default() {
                    "markdown" | "plain_text" | "lark_md" => {
                        line.push(json!({ "tag": "text", "text": label(inner) }));
                    }
                    "button" => {
                        line.push(json!({ "tag": "button", "text": label(inner), "type": "default" }))
                    }
                    _ => {}
                }
                Ok(())
            });
            line.into()
        })
        .collect();
    json!({ "title": title, "elements": lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Value {
        json!({ "schema": "2.0", "header": { "title": { "tag": "plain_text", "content": "Leave" } }, "body": {
            "elements": [
                { "tag": "markdown", "content": "two days" },
                { "tag": "form", "name": "f", "elements": [
                    { "tag": "input", "name": "why", "placeholder": { "tag": "plain_text", "content": "Reason" } },
                    { "tag": "button", "name": "ok", "text": { "tag": "plain_text", "content": "Approve" },
                      "behaviors": [{ "type": "callback", "value": { "op": "approve" } }] },
                ] },
            ],
        } })
    }

    #[test]
    fn buttons_are_found_in_forms_with_what_they_carry() {
        let expected =
            Button { label: "Approve".into(), name: "ok".into(), value: json!({ "op": "approve" }) };
        assert_eq!(buttons(&card()), [expected]);
        assert_eq!(inputs(&card()), [Field { name: "why".into(), label: "Reason".into() }]);
        let old = json!({ "elements": [{ "tag": "action", "actions": [
            { "tag": "button", "text": { "tag": "plain_text", "content": "Yes" }, "value": { "a": 1 } },
        ] }] });
        assert_eq!(buttons(&old)[0].value, json!({ "a": 1 }));
    }

    #[test]
    fn wrong_cards_are_refused_with_their_sub_code() {
        let mut nested = json!({ "tag": "markdown", "content": "x" });
        for _ in 0..50 {
            nested = json!({ "tag": "column", "elements": [nested] });
        }
        let many: Vec<_> = (0..201).map(|_| json!({ "tag": "hr" })).collect();
        let cases = [
            (json!("text"), "200621"),
            (json!({ "schema": "2.0", "body": { "elements": [{ "tag": "action" }] } }), "200861"),
            (json!({ "schema": "2.0", "body": { "elements": many } }), "11310"),
            (json!({ "body": { "elements": [nested] } }), "200621"),
            (
                json!({ "body": { "elements": [{ "tag": "form", "elements": [{ "tag": "button" }] }] } }),
                "200530",
            ),
        ];
        for (card, code) in cases {
            let refused = check(&card).unwrap_err();
            assert!(refused.code == 230_099 && refused.msg.contains(code), "{}", refused.msg);
        }
        assert_eq!(check(&card()), Ok(()));
    }

    #[test]
    fn a_card_is_shown_as_a_title_and_lines() {
        let shown = simplified(&card());
        assert_eq!(shown["title"], "Leave");
        assert_eq!(shown["elements"][0][0]["text"], "two days");
        assert_eq!(shown["elements"][1], json!([{ "tag": "button", "text": "Approve", "type": "default" }]));
    }
}
