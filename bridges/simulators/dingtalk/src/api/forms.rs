//! The forms of approvals by the API: made, looked at, and who will decide before anybody asked.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::forms::Process;

const FORMS_MAX: usize = 200;
const LABEL_CHARACTERS_MAX: usize = 20;
const ID_CHARACTERS_MAX: usize = 64;
const PLACEHOLDER_CHARACTERS_MAX: usize = 128;
const NOTE_CHARACTERS_MAX: usize = 500;

/// The fields that a form may have.
const COMPONENTS: &[&str] = &[
    "TextField",
    "TextareaField",
    "PhoneField",
    "NumberField",
    "MoneyField",
    "StarRatingField",
    "DDSelectField",
    "DDMultiSelectField",
    "DDDateField",
    "DDDateRangeField",
    "DDPhotoField",
    "TableField",
    "DDAttachment",
    "InnerContactField",
    "DepartmentField",
    "RelateField",
    "AddressField",
    "TimeAndLocationField",
    "TextNote",
];

/// Checks a field of a form, and those within it.
fn checked(component: &Value) -> Result<(), Refusal> {
    let kind = component.get("componentType").and_then(Value::as_str).unwrap_or_default();
    if !COMPONENTS.contains(&kind) {
        return Err(Refusal::bad("illegalComponent"));
    }
    let props = component.get("props").filter(|props| props.is_object());
    let text =
        |name: &str| props.and_then(|props| props.get(name)).and_then(Value::as_str).unwrap_or_default();
    let bounds = [
        ("label", LABEL_CHARACTERS_MAX),
        ("componentId", ID_CHARACTERS_MAX),
        ("bizAlias", ID_CHARACTERS_MAX),
        ("placeholder", PLACEHOLDER_CHARACTERS_MAX),
        ("content", NOTE_CHARACTERS_MAX),
    ];
    let is_too_long = bounds.iter().any(|(name, longest)| text(name).chars().count() > *longest);
    if is_too_long || props.is_none() || text("label").is_empty() && kind != "TextNote" {
        return Err(Refusal::bad("invalidParameter"));
    }
    let within = component.get("children").and_then(Value::as_array);
    // A table has no table in it.
    within.into_iter().flatten().try_for_each(|child| match child.get("componentType") {
        Some(kind) if kind == "TableField" => Err(Refusal::bad("illegalComponent")),
        _ => checked(child),
    })
}

/// The fields as the platform keeps them: each has an id.
fn kept(components: &[Value]) -> Vec<Value> {
    let numbered = components.iter().enumerate().map(|(place, component)| {
        let mut component = component.clone();
        let kind = component.get("componentType").and_then(Value::as_str).unwrap_or_default().to_owned();
        if component["props"].get("componentId").is_none() {
            component["props"]["componentId"] = format!("{kind}_{place}").into();
        }
        component
    });
    numbered.collect()
}

/// Makes a form, or changes one.
pub(super) fn save(state: &mut State, call: &Call) -> Outcome {
    let name = call.needed("name", "invalidParameter")?.to_owned();
    let components = call.body.get("formComponents").and_then(Value::as_array);
    let components = components.filter(|components| !components.is_empty());
    let components = components.ok_or_else(|| Refusal::bad("invalidParameter"))?;
    components.iter().try_for_each(checked)?;
    let form = kept(components);
    if !call.text("processCode").is_empty() {
        let code = call.text("processCode").to_owned();
        let known = state.processes.get_mut(&code).filter(|process| process.centre.is_none());
        let known = known.ok_or_else(|| Refusal::bad("processCodeError"))?;
        (known.name, known.form) = (name, form);
        return Ok(json!({ "result": { "processCode": code } }));
    }
    let own = state.processes.values().filter(|process| process.centre.is_none()).count();
    if own >= FORMS_MAX || state.processes.len() >= RECORDS_MAX {
        return Err(Refusal::bad("invalidParameter"));
    }
    let code = format!("PROC-{}", state.stage.chance.id("", 32).to_uppercase());
    state.processes.insert(code.clone(), Process { name, form, ..Process::default() });
    Ok(json!({ "result": { "processCode": code } }))
}

fn process<'a>(state: &'a State, code: &str) -> Result<&'a Process, Refusal> {
    let known = state.processes.get(code).filter(|process| process.centre.is_none());
    known.ok_or_else(|| Refusal::bad("processCodeError"))
}

pub(super) fn schema(state: &mut State, call: &Call) -> Outcome {
    let code = call.query("processCode");
    let known = process(state, code)?;
    let items: Vec<Value> = known
        .form
        .iter()
        .map(|field| json!({ "componentName": field["componentType"], "props": field["props"], "children": field["children"] }))
        .collect();
    let content = json!({ "title": known.name, "items": items });
    Ok(json!({ "result": { "processCode": code, "name": known.name, "schemaContent": content } }))
}

/// Who would decide, step by step, and of whom the initiator has to choose.
pub(super) fn forecast(state: &mut State, call: &Call) -> Outcome {
    let known = process(state, call.needed("processCode", "invalidParameter")?)?;
    let user = call.needed("userId", "invalidParameter")?;
    let has_department = call.number("deptId").is_some() || call.body.get("deptId") == Some(&json!(-1));
    if !has_department || !call.body.get("formComponentValues").is_some_and(Value::is_array) {
        return Err(Refusal::bad("invalidParameter"));
    }
    if !state.people.get(user).is_some_and(|person| person.is_listed()) {
        return Err(Refusal::bad("userNotExist"));
    }
    let shown = |user: &String| json!({ "workNo": user, "userName": state.name_of(user) });
    let fixed = known.approvers.iter().enumerate().map(|(step, user)| {
        json!({
            "activityId": format!("step-{step}"), "activityType": "target_approval",
            "workflowActor": { "actorSelectionRange": { "approvals": [shown(user)] } },
        })
    });
    let mut nodes: Vec<Value> = fixed.collect();
    if let Some((key, people)) = known.selection() {
        let range = people.iter().map(shown).collect::<Vec<_>>();
        nodes.push(json!({
            "activityId": format!("step-{}", nodes.len()), "activityType": "target_select",
            "workflowActor": { "actorKey": key, "actorSelectionRange": { "approvals": range }, "required": true },
        }));
    }
    let result = json!({ "isForecastSuccess": true, "userId": user, "workflowActivityRules": nodes });
    Ok(json!({ "result": result }))
}
