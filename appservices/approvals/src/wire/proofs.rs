//! Lists, proofs and reasons: what people can ask about cases.

use std::collections::BTreeSet;

use cases::{Broken, Case, Exported, Fault, Record, Verified, hash_of};
use kit::{Attachment, Heard, Letter, To};
use people::PersonId;
use serde_json::json;
use store::Batch;

use super::{Approvals, KIND, LOCALPART, Scene, files::sees_sensitive};
use crate::{
    OfficeError,
    card::{Card, Pen, body, form_file_name, line},
    instance::{Instance, Partner},
    limits::{LIST_LINES_MAX, LIST_PAGES_MAX},
    paper::{Printing, paper_of, written},
    template::{Form, is_sensitive},
};

impl Approvals {
    /// A page of the cases in the asker's lists, newest first. `word` is what they typed for these lists, `page` which page.
    pub(crate) async fn list(
        &self,
        heard: &Heard,
        (word, lists): (&str, &[&str]),
        page: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let Some(me) = chart.by_account(&heard.sender) else {
            return self.refuse(heard, &cases::Refusal::new("E108").with("platform", "matrix"), batch).await;
        };
        let page = page.parse::<usize>().unwrap_or(1).clamp(1, LIST_PAGES_MAX);
        let found = self.newest_of(lists, &me.id, page * LIST_LINES_MAX + 1).await?;
        let mut lines = Vec::new();
        for id in found.iter().skip((page - 1) * LIST_LINES_MAX).take(LIST_LINES_MAX) {
            let Some(case) = self.house().await?.cases.get::<Instance>(id).await? else { continue };
            let scene = self.scene_of(&case.data, heard.received_ms).await?;
            lines.push(line(&case, &scene.world(), pen));
        }
        if lines.is_empty() {
            lines.push(pen.say("list.empty", &[]));
        }
        if found.len() > page * LIST_LINES_MAX {
            let next = (page + 1).to_string();
            lines.push(match page < LIST_PAGES_MAX {
                true => pen.say("list.more", &[("word", word), ("page", &next)]),
                false => pen.say("list.older", &[]),
            });
        }
        self.answer_privately(batch, heard, None, &lines.join("\n")).await
    }

    /// The newest cases in some lists of somebody, each once, at most so many.
    async fn newest_of(
        &self,
        lists: &[&str],
        me: &PersonId,
        most: usize,
    ) -> Result<Vec<String>, OfficeError> {
        let cases = &self.house().await?.cases;
        let mut found = BTreeSet::new();
        for list in lists {
            let mut of_list: Vec<String> = Vec::new();
            while of_list.len() < most {
                let last = of_list.last().cloned();
                let older = cases.listed_before(KIND, list, &me.0, last.as_deref()).await?;
                if older.is_empty() {
                    break;
                }
                of_list.extend(older);
            }
            found.extend(of_list);
        }
        // Ids rise with time.
        Ok(found.into_iter().rev().take(most).collect())
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
        let text = body(case, &Card::Starter, &scene.world(), pen);
        self.answer_privately(batch, heard, Some(case), &text).await
    }

    /// Walks the chain of records.
    pub(crate) async fn verify(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let verdict = self.chain_of(case).await?;
        let records = self.house().await?.cases.records(&case.id).await.unwrap_or_default();
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let mut text = verdict_in_words(pen, &case.no, &verdict, &records);
        if let (Ok(_), Some(file)) = (&verdict, &case.data.form_file) {
            let values = [("name", form_file_name(case)), ("hash", short(&file.sha256))];
            let line =
                pen.say("verify.file", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            text = format!("{text}\n{line}");
        }
        self.answer(batch, heard, &text);
        Ok(())
    }

    /// Whether the records of a case hold, and the texts that they stand for.
    async fn chain_of(&self, case: &Case<Instance>) -> Result<Result<Verified, Broken>, OfficeError> {
        let house = self.house().await?;
        let origin = house.origin(&case.data.template, case.data.version).await?;
        let verdict = house.cases.verify(case, &hash_of(origin.as_bytes())).await?;
        let Ok(good) = verdict else { return Ok(verdict) };
        let records = house.cases.records(&case.id).await?;
        Ok(texts_broken(case, &records).map_or(Ok(good), Err))
    }

    /// Why these people were asked, as of the organisation then. Of what was sent back, what was asked anew counts.
    pub(crate) async fn why(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let mut lines = Vec::new();
        for why in case.data.reasons.iter().filter(|why| !why.is_past) {
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
        self.answer_privately(batch, heard, Some(case), &lines.join("\n")).await
    }

    /// The case with its records and texts as a file for `lianqiao verify`, and on paper, into the asker's direct chat. What
    /// is masked on cards stays so for who may not see it.
    pub(crate) async fn export(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let sees_all = sees_sensitive(&scene.chart, &heard.sender, case);
        let exported = self.exported(case, &scene, sees_all).await?;
        let text = office::export_of(&self.house().await?.cases, &exported)?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let key = format!("y/{}", heard.event_id);
        let chain = self.chain_of(case).await?;
        let lines = paper_of(case, &Printing { world: scene.world(), pen, chain: &chain, sees_all });
        let footer = |page: usize, pages: usize| {
            let (page, pages) = (page.to_string(), pages.to_string());
            pen.say("paper.footer", &[("no", &case.no), ("page", &page), ("pages", &pages)])
        };
        let body = pen.say("paper.name", &[("no", &case.no)]);
        let name = format!("{}.pdf", case.no);
        let content = json!({ "msgtype": "m.file", "body": body, "filename": name, "m.mentions": {} });
        let bytes = written(&case.no, &lines, footer);
        let attachment = Attachment { name, mimetype: "application/pdf".to_owned(), bytes };
        let letter = Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), content);
        let letter = Letter { attachment: Some(attachment), ..letter };
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        let key = format!("x/{}", heard.event_id);
        let letter = office::export_letter((LOCALPART, key), &heard.sender, (&case.no, text), pen);
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        Ok(())
    }

    async fn exported(
        &self,
        case: &Case<Instance>,
        scene: &Scene,
        sees_all: bool,
    ) -> Result<Exported, OfficeError> {
        let house = self.house().await?;
        let records = house.cases.records(&case.id).await?;
        let mut texts = case.data.texts.clone();
        if !sees_all {
            // The record keeps the hash of a form that is left out.
            let forms: BTreeSet<&String> =
                records.iter().filter_map(|record| record.form_sha256.as_ref()).collect();
            texts.retain(|hash, text| {
                let form = serde_json::from_str::<Form>(text);
                !forms.contains(hash) || form.is_ok_and(|form| !is_sensitive(&scene.template, &form))
            });
        }
        Ok(Exported {
            no: case.no.clone(),
            origin: house.origin(&case.data.template, case.data.version).await?,
            records,
            texts,
        })
    }
}

/// Whether a chain of records holds, as people read it.
pub(super) fn verdict_in_words(
    pen: Pen<'_>,
    no: &str,
    verdict: &Result<Verified, Broken>,
    records: &[Record],
) -> String {
    match verdict {
        Ok(good) => pen.say(
            "verify.good",
            &[
                ("records", &good.records.to_string()),
                ("signers", &(good.signers.len() + servers(records)).to_string()),
                ("first", &short(&good.first)),
                ("last", &short(&good.last)),
            ],
        ),
        Err(broken) => {
            let (fault, what) = broken.fault.words();
            let (seq, fault) = (broken.seq.to_string(), pen.say(fault, &[("what", what)]));
            pen.say("verify.broken", &[("no", no), ("seq", &seq), ("fault", &fault)])
        }
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
        "starter_choice" if what.is_empty() => "rule.any_choice",
        "starter_choice" => "rule.starter_choice",
        _ => return rule.to_owned(),
    };
    pen.say(key, &[("what", what)])
}

/// The first record that stands for a text which is another one by now, or for no file where the case has one.
fn texts_broken(case: &Case<Instance>, records: &[Record]) -> Option<Broken> {
    let is_other =
        |hash: &String| case.data.texts.get(hash).is_some_and(|text| hash_of(text.as_bytes()) != *hash);
    let broken = |seq| Broken { no: case.no.clone(), seq, fault: Fault::Text };
    let stands_for_other =
        |record: &&Record| record.form_sha256.iter().chain(&record.reason_sha256).any(is_other);
    if let Some(record) = records.iter().find(stands_for_other) {
        return Some(broken(record.seq));
    }
    let file = case.data.form_file.as_ref()?;
    let handed_in = records.iter().rfind(|record| matches!(record.action.as_str(), "submit" | "resubmit"))?;
    let is_recorded =
        handed_in.reason_sha256.as_ref() == Some(&file.sha256) && case.data.texts.contains_key(&file.sha256);
    (!is_recorded).then(|| broken(handed_in.seq))
}

/// How many servers have signed events that records stand on.
fn servers(records: &[Record]) -> usize {
    let is_signed = |record: &&Record| record.proof.as_ref().is_some_and(|proof| proof.kind != "link");
    let proved = records.iter().filter(is_signed);
    let servers = proved.filter_map(|record| record.actor.split_once(':').map(|(_, server)| server));
    servers.collect::<BTreeSet<_>>().len()
}

/// A hash as people compare it.
fn short(hash: &str) -> String {
    let end = hash.char_indices().nth("sha256:".len() + 8).map_or(hash.len(), |(end, _)| end);
    format!("{}…", &hash[..end])
}
