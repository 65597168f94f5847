//! Lists, proofs and reasons: what people can ask about cases.

use std::collections::BTreeSet;

use cases::{Case, Exported, Record};
use kit::Heard;
use store::Batch;

use super::{Approvals, KIND, LOCALPART};
use crate::{
    OfficeError,
    card::{Card, Pen, body, title, word_of},
    instance::{Instance, Partner},
    limits::LIST_LINES_MAX,
};

impl Approvals {
    /// The cases in one of the asker's lists.
    pub(crate) async fn list(&self, heard: &Heard, list: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let lang = self.language_of_account(&heard.sender).await?;
        let pen = self.pen(lang);
        let Some(me) = chart.by_account(&heard.sender) else {
            return self.refuse(heard, &cases::Refusal::new("E108").with("platform", "matrix"), batch).await;
        };
        let mut lines = Vec::new();
        for id in house.cases.listed(KIND, list, &me.id.0).await?.iter().take(LIST_LINES_MAX) {
            let Some(case) = house.cases.get::<Instance>(id).await? else { continue };
            let scene = self.scene_of(&case.data, heard.received_ms).await?;
            let state = pen.say(word_of(&case.state), &[]);
            lines.push(format!("[{state}] {}", title(&case, &scene.world(), pen)));
        }
        if lines.is_empty() {
            lines.push(pen.say("list.empty", &[]));
        }
        self.answer_privately(batch, heard, "", &lines.join("\n")).await
    }

    /// One case as its starter sees it.
    pub(crate) async fn show(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        self.answer_privately(batch, heard, &case.no, &body(case, &Card::Starter, &scene.world(), pen)).await
    }

    /// Walks the chain of records.
    pub(crate) async fn verify(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let origin = house.origin(&case.data.template, case.data.version).await?;
        let verdict = house.cases.verify(case, &cases::hash_of(origin.as_bytes())).await?;
        let records = house.cases.records(&case.id).await.unwrap_or_default();
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let text = match verdict {
            Ok(good) => pen.say(
                "verify.good",
                &[
                    ("records", &good.records.to_string()),
                    ("signers", &(good.signers.len() + servers(&records)).to_string()),
                    ("first", &short(&good.first)),
                    ("last", &short(&good.last)),
                ],
            ),
            Err(broken) => {
                let (seq, fault) = (broken.seq.to_string(), broken.fault.to_string());
                pen.say("verify.broken", &[("no", &case.no), ("seq", &seq), ("fault", &fault)])
            }
        };
        self.answer(batch, heard, &text);
        Ok(())
    }

    /// Why these people were asked, as of the organisation then.
    pub(crate) async fn why(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let mut lines = Vec::new();
        for why in &case.data.reasons {
            let chart = self.house().await?.people.chart_at(why.chart).await?;
            let names: Vec<&str> = why
                .people
                .iter()
                .map(|id| match (Partner::server_of(id), chart.person(id)) {
                    (Some(server), _) => server,
                    (None, Some(person)) => &person.name,
                    (None, None) => &id.0,
                })
                .collect();
            let condition = why.condition.as_deref();
            let condition = condition.map(|text| pen.say("why.condition", &[("condition", text)]));
            let number = why.node.strip_prefix('n').filter(|rest| rest.parse::<u32>().is_ok());
            lines.push(pen.say(
                "why.line",
                &[
                    ("node", number.unwrap_or(&why.node)),
                    ("condition", &condition.unwrap_or_default()),
                    ("rule", &rule_in_words(&why.rule, pen)),
                    ("date", &workdays::local(why.at_ms, &scene.zone).date().to_string()),
                    ("who", &names.join("、")),
                    ("version", &why.chart.to_string()),
                ],
            ));
        }
        if lines.is_empty() {
            lines.push(pen.say("list.empty", &[]));
        }
        self.answer_privately(batch, heard, &case.no, &lines.join("\n")).await
    }

    /// The case with its records and texts as a file for `lianqiao verify`, into the asker's direct chat.
    pub(crate) async fn export(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let text = office::export_of(&self.house().await?.cases, &self.exported(case).await?)?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let key = format!("x/{}", heard.event_id);
        office::send_export(self.kit(), batch, (LOCALPART, key), &heard.sender, (&case.no, text), pen);
        Ok(())
    }

    async fn exported(&self, case: &Case<Instance>) -> Result<Exported, OfficeError> {
        let house = self.house().await?;
        Ok(Exported {
            no: case.no.clone(),
            origin: house.origin(&case.data.template, case.data.version).await?,
            records: house.cases.records(&case.id).await?,
            texts: case.data.texts.clone(),
        })
    }
}

/// A rule of the template as people read it.
fn rule_in_words(rule: &str, pen: Pen<'_>) -> String {
    let (kind, what) = rule.split_once(' ').unwrap_or((rule, ""));
    let key = match kind {
        "role" => "rule.role",
        "users" => "rule.users",
        "dept_head" => "rule.dept_head",
        "dept_heads" => "rule.dept_heads",
        "starter" => "rule.starter",
        "field" => "rule.field",
        "partner" => "rule.partner",
        _ => return rule.to_owned(),
    };
    pen.say(key, &[("what", what)])
}

/// How many servers have signed events that records stand on.
fn servers(records: &[Record]) -> usize {
    let proved = records.iter().filter(|record| record.proof.is_some());
    let servers = proved.filter_map(|record| record.actor.split_once(':').map(|(_, server)| server));
    servers.collect::<BTreeSet<_>>().len()
}

/// A hash as people compare it.
fn short(hash: &str) -> String {
    let end = hash.char_indices().nth("sha256:".len() + 8).map_or(hash.len(), |(end, _)| end);
    format!("{}…", &hash[..end])
}
