//! Approvals of ours in DingTalk's approval centre ("process centre"): an instance with a task for each who is asked, which lead to
//! where they are decided. The centre itself has no button for them, so nothing comes back from it.
//!
//! The platform knows no repeat of what makes something here. So what is begun is written down first, and after a lost answer it is
//! looked for before it is made again.

use async_trait::async_trait;
use bridge_api::{
    Approval, ApprovalState, Approvals, CallError, EntryKey, EntryOnPlatform, Failure, Meaning, PersonId,
    Refusal, Words, words,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Entries, Kind, cut, nowhere, on_platform, owner_and_id, refused};
use crate::{
    client::Call,
    ids,
    lenient::{items, text, texts},
    limits::{CENTRE_CLOCKS_APART_MS, CENTRE_PAGE_MAX, CENTRE_PAGES_MAX, ENTRY_KEPT_MS, LINE_CHARACTERS_MAX},
};

/// Why there is no task without a link.
pub(super) const NO_LINK: Words = Words {
    zh: "钉钉审批中心的审批必须带有链接",
    en: "an approval in DingTalk's approval centre needs a link",
};

words! {
    NOBODY = "发起人不在钉钉，请设置 dingtalk.operator" | "who asks is not on DingTalk; set dingtalk.operator";
}

/// The template and its fields, once for an app and in both languages.
const TEMPLATE: &str = "连桥审批 · Lianqiao";
const NUMBER: &str = "编号 · Number";
const STARTER: &str = "发起人 · Asked by";
const FORM: &str = "内容 · Contents";

const TEMPLATE_ROW: &str = "process_centre";
pub(super) const INSTANCES: &str = "/v1.0/workflow/processCentres/instances";
pub(super) const TEMPLATES: &str = "/v1.0/workflow/processCentres/schemas";
pub(super) const TEMPLATE_CODE: &str = "/v1.0/workflow/processCentres/schemaNames/processCodes";

/// What is remembered of an approval.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Row {
    /// In whose name it stands there, a userId.
    owner: String,
    id: Option<String>,
    revision: u64,
    /// When it was begun to make it; nothing when that ended.
    begun_ms: Option<u64>,
    is_ended: bool,
    /// Whether it was begun to put tasks.
    pub is_adding: bool,
    /// The tasks that are there.
    pub tasks: Vec<Put>,
}

/// A task that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Put {
    pub key: EntryKey,
    pub number: u64,
    pub is_ended: bool,
}

#[async_trait]
impl Approvals for Entries {
    async fn put_approval(
        &self,
        approval: &Approval,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        if !self.client.settings().approval_centre {
            return Err(Failure::refused(Refusal::Impossible));
        }
        let key = &approval.head.key;
        let _turn = self.turn(key).await;
        let mut row: Row = self.row(Kind::Approval, key).await?.unwrap_or_default();
        if row.id.is_none()
            && let Some((owner, id)) = known.and_then(owner_and_id)
        {
            (row.owner, row.id, row.is_adding) = (owner.to_owned(), Some(id.to_owned()), true);
            self.remember_id(Kind::Approval, id, key).await?;
        }
        // What was over before it was shown there needs no showing.
        let is_late = row.revision > approval.head.revision;
        if is_late || row.id.is_none() && row.begun_ms.is_none() && approval.state != ApprovalState::Pending {
            return row.id.as_deref().map_or_else(nowhere, |id| on_platform(&row.owner, id));
        }
        if row.id.is_none() {
            self.begin(approval, &mut row).await?;
        }
        let outcome = self.bring_along(approval, &mut row).await;
        if outcome.is_ok() {
            row.revision = approval.head.revision;
        }
        self.write_row(Kind::Approval, key, &row).await?;
        outcome?;
        row.id.as_deref().map_or_else(nowhere, |id| on_platform(&row.owner, id))
    }

    async fn decide(
        &self,
        approval: &EntryOnPlatform,
        task: &str,
        person: &PersonId,
        is_approved: bool,
        words: Option<&str>,
    ) -> Result<(), Failure> {
        self.decide_there(approval, task, person, is_approved, words).await
    }
}

impl Entries {
    /// Whether an instance is a picture of ours, also when its making was not answered yet.
    pub(super) async fn is_of_our_centre(&self, instance: &str, event: &Value) -> Result<bool, Failure> {
        let template: Option<String> = self.shelf.read(TEMPLATE_ROW).await?;
        let is_of_template = template.is_some() && template == text(event, "processCode");
        Ok(is_of_template || self.key_of(Kind::Approval, instance).await?.is_some())
    }

    /// Makes the instance, or finds what an earlier call made.
    async fn begin(&self, approval: &Approval, row: &mut Row) -> Result<(), Failure> {
        let key = &approval.head.key;
        let link = approval.head.link.as_deref().ok_or_else(|| refused(NO_LINK))?;
        let starter = approval.starter.as_ref().and_then(ids::user);
        let owner = starter.or(self.client.settings().operator.as_deref()).ok_or_else(|| refused(NOBODY))?;
        let process = self.template().await?;
        let found = match row.begun_ms {
            Some(begun_ms) => self.found_instance(&process, approval, begun_ms).await?,
            None => None,
        };
        (row.owner, row.begun_ms) = (owner.to_owned(), Some(self.clock.now_ms()));
        self.write_row(Kind::Approval, key, row).await?;
        let id = match found {
            Some(id) => id,
            None => {
                let body = json!({
                    "processCode": process, "originatorUserId": owner, "title": approval.head.title, "url": link,
                    "formComponentValueList": [
                        {"name": NUMBER, "value": approval.head.number},
                        {"name": STARTER, "value": approval.starter_name},
                        {"name": FORM, "value": form(approval)},
                    ],
                });
                let answer = match self.client.call(&Call::post(INSTANCES, body)).await {
                    Ok(answer) => answer,
                    Err(error) => {
                        if error.meaning != Meaning::Unknown {
                            row.begun_ms = None;
                            self.write_row(Kind::Approval, key, row).await?;
                        }
                        return Err(error.into());
                    }
                };
                let id = answer.get("result").and_then(|result| text(result, "processInstanceId"));
                id.ok_or_else(|| Failure::later("the platform does not say what it calls the approval"))?
            }
        };
        self.remember_id(Kind::Approval, &id, key).await?;
        (row.id, row.begun_ms) = (Some(id), None);
        self.write_row(Kind::Approval, key, row).await
    }

    /// The template that all approvals of ours are made from.
    async fn template(&self) -> Result<String, Failure> {
        // Two that look for it at once would make two.
        let _alone = self.template.lock().await;
        if let Some(known) = self.shelf.read(TEMPLATE_ROW).await? {
            return Ok(known);
        }
        let code = |answer: &Value| answer.get("result").and_then(|result| text(result, "processCode"));
        let call = Call::get(TEMPLATE_CODE).with("name", TEMPLATE);
        let found = match self.client.call(&call).await.map_err(CallError::of_reading) {
            Ok(answer) => code(&answer),
            Err(CallError { meaning: Meaning::Refused(refusal), .. }) if refusal != Refusal::NotPermitted => {
                None
            }
            Err(error) => return Err(error.into()),
        };
        let process = match found {
            Some(process) => process,
            None => {
                let field = |kind: &str, id: &str, label: &str| json!({"componentType": kind, "props": {"componentId": id, "label": label, "required": false}});
                let body = json!({
                    "name": TEMPLATE,
                    "formComponents": [
                        field("TextField", "TextField-Number", NUMBER),
                        field("TextField", "TextField-Starter", STARTER),
                        field("TextareaField", "TextareaField-Form", FORM),
                    ],
                });
                let call = Call::post(TEMPLATES, body);
                let made = code(&self.client.call(&call).await?);
                made.ok_or_else(|| Failure::later("the platform does not say what it calls the template"))?
            }
        };
        self.shelf.write(TEMPLATE_ROW, &process, ENTRY_KEPT_MS).await?;
        Ok(process)
    }

    /// Looks for an instance whose making was not answered, by its number.
    async fn found_instance(
        &self,
        process: &str,
        approval: &Approval,
        begun_ms: u64,
    ) -> Result<Option<String>, Failure> {
        let mut body = json!({
            "processCode": process, "startTime": begun_ms.saturating_sub(CENTRE_CLOCKS_APART_MS),
            "endTime": begun_ms.saturating_add(CENTRE_CLOCKS_APART_MS), "nextToken": "0",
            "maxResults": CENTRE_PAGE_MAX,
        });
        for _ in 0..CENTRE_PAGES_MAX {
            let call = Call::post("/v1.0/workflow/processes/instanceIds/query", body.clone());
            let answer = self.client.call(&call).await.map_err(CallError::of_reading)?;
            let Some(page) = answer.get("result") else { break };
            for id in texts(page, "list") {
                let Some(read) = self.instance(&id).await? else { continue };
                let is_ours = |value: &Value| {
                    text(value, "name").as_deref() == Some(NUMBER)
                        && text(value, "value").as_deref() == Some(approval.head.number.as_str())
                };
                if items(&read, "formComponentValues").iter().any(is_ours) {
                    return Ok(Some(id));
                }
            }
            let Some(next) = text(page, "nextToken") else { break };
            body["nextToken"] = json!(next);
        }
        Ok(None)
    }

    async fn bring_along(&self, approval: &Approval, row: &mut Row) -> Result<(), Failure> {
        let id = row.id.clone().unwrap_or_default();
        if row.is_adding {
            self.adopt(approval, &id, row).await?;
        }
        self.end_tasks(approval, &id, row).await?;
        if approval.state == ApprovalState::Pending {
            self.add_tasks(approval, &id, row).await?;
        } else if !row.is_ended {
            let (status, result) = match approval.state {
                ApprovalState::Approved => ("COMPLETED", "agree"),
                ApprovalState::Rejected => ("COMPLETED", "refuse"),
                ApprovalState::Pending | ApprovalState::Canceled => ("TERMINATED", "refuse"),
            };
            let body = json!({"processInstanceId": id, "status": status, "result": result});
            self.client.call(&Call::put(INSTANCES, body)).await?;
            row.is_ended = true;
        }
        Ok(())
    }
}

fn form(approval: &Approval) -> String {
    let line = |(name, value): &(String, String)| cut(&format!("{name}: {value}"), LINE_CHARACTERS_MAX);
    approval.lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
