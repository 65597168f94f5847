//! Lists, proofs and reasons: what people can ask about cases.

use cases::{Case, Export, Exported};
use kit::{Attachment, Heard, Letter, To};
use store::Batch;

use super::{Approvals, KIND, LOCALPART, arguments::people_of, deliver::message};
use crate::{
    ApprovalsError,
    card::{Card, body, title, word_of},
    desk::Delegation,
    instance::Instance,
    limits::{DELEGATIONS_MAX, LIST_LINES_MAX},
    tables::DELEGATION,
    template::{Field, FieldKind, Value, Words, parse_value},
};

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

impl Approvals {
    /// The cases in one of the asker's lists.
    pub(crate) async fn list(
        &self,
        heard: &Heard,
        list: &str,
        batch: &mut Batch,
    ) -> Result<(), ApprovalsError> {
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
    ) -> Result<(), ApprovalsError> {
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
    ) -> Result<(), ApprovalsError> {
        let house = self.house().await?;
        let origin = house.origin(&case.data.template, case.data.version).await?;
        let verdict = house.cases.verify(case, &cases::hash_of(origin.as_bytes())).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let text = match verdict {
            Ok(good) => pen.say(
                "verify.good",
                &[
                    ("records", &good.records.to_string()),
                    ("signers", &good.signers.len().to_string()),
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
    ) -> Result<(), ApprovalsError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let mut lines = Vec::new();
        for why in &case.data.reasons {
            let chart = self.house().await?.people.chart_at(why.chart).await?;
            let names: Vec<&str> = why
                .people
                .iter()
                .map(|id| chart.person(id).map_or(id.0.as_str(), |person| &person.name))
                .collect();
            let condition = why.condition.as_deref();
            let condition = condition.map(|text| pen.say("why.condition", &[("condition", text)]));
            lines.push(pen.say(
                "why.line",
                &[
                    ("node", &why.node),
                    ("condition", &condition.unwrap_or_default()),
                    ("rule", &why.rule),
                    ("time", &scene.world().time(why.at_ms)),
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
    ) -> Result<(), ApprovalsError> {
        let text = self.export_text(case).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let mut content = message(&pen.say("export.name", &[("no", &case.no)]), None);
        content["msgtype"] = serde_json::json!("m.file");
        let key = format!("x/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), content);
        let attachment = Attachment {
            name: format!("{}.jsonl", case.no),
            mimetype: "application/jsonl".to_owned(),
            bytes: text.into_bytes(),
        };
        self.kit().outbox().put(batch, Letter { attachment: Some(attachment), ..letter });
        Ok(())
    }

    /// The case with this number as a file for `lianqiao verify`; nothing if there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn export_of(&self, no: &str) -> Result<Option<String>, ApprovalsError> {
        let cases = &self.house().await?.cases;
        let Some(id) = cases.by_number(no).await? else { return Ok(None) };
        match cases.get::<Instance>(&id).await? {
            Some(case) => Ok(Some(self.export_text(&case).await?)),
            None => Ok(None),
        }
    }

    async fn export_text(&self, case: &Case<Instance>) -> Result<String, ApprovalsError> {
        let house = self.house().await?;
        let mut export = Export::begin(&house.cases.keys(), 1).map_err(cases::CasesError::from)?;
        export.case(&self.exported(case).await?).map_err(cases::CasesError::from)?;
        Ok(export.finish(house.cases.signer()).map_err(cases::CasesError::from)?)
    }

    async fn exported(&self, case: &Case<Instance>) -> Result<Exported, ApprovalsError> {
        let house = self.house().await?;
        Ok(Exported {
            no: case.no.clone(),
            origin: house.origin(&case.data.template, case.data.version).await?,
            records: house.cases.records(&case.id).await?,
            texts: case.data.texts.clone(),
        })
    }

    /// `@somebody from to [templates…]`: somebody acts for the asker.
    pub(crate) async fn delegate(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), ApprovalsError> {
        let house = self.house().await?;
        let chart = house.chart();
        let Some(me) = chart.by_account(&heard.sender) else {
            return self.refuse(heard, &cases::Refusal::new("E108").with("platform", "matrix"), batch).await;
        };
        let (people, rest) = match people_of(arguments, &chart, 1) {
            Ok(found) => found,
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let Some(to) = people.into_iter().next().filter(|to| *to != me.id) else {
            return self.refuse(heard, &cases::Refusal::new("E115"), batch).await;
        };
        let mut words = rest.split_whitespace();
        let dates = [words.next(), words.next()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let field = Field {
            id: "dates".to_owned(),
            kind: FieldKind::DateRange,
            label: Words::default(),
            required: true,
            options: Vec::new(),
            currency: None,
            min: None,
            max: None,
            sensitive: false,
            allow_past: false,
        };
        let now = jiff::Timestamp::from_millisecond(i64::try_from(heard.received_ms).unwrap_or(i64::MAX));
        let today = now.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(house.zone.clone()).date();
        let (from, until) = match parse_value(&field, &dates, today, &chart) {
            Ok(Value::Range { from, to, .. }) => (from, to),
            Ok(_) | Err(_) => {
                let refusal =
                    cases::Refusal::new("E110").with("field", "form.date").with("problem", "form.date");
                return self.refuse(heard, &refusal.with("example", format!("{today} {today}")), batch).await;
            }
        };
        let start_ms = |day: &str| {
            let date: jiff::civil::Date = day.parse().ok()?;
            let start = date.to_zoned(house.zone.clone()).ok()?.timestamp().as_millisecond();
            u64::try_from(start).ok()
        };
        let mine = house.delegations().await?.into_iter().filter(|order| order.from == me.id).count();
        let (Some(since_ms), Some(last_ms)) = (start_ms(&from), start_ms(&until)) else { return Ok(()) };
        if mine >= DELEGATIONS_MAX {
            let refusal =
                cases::Refusal::new("E110").with("field", "form.person").with("problem", "form.transfers");
            return self.refuse(heard, &refusal.with("example", DELEGATIONS_MAX.to_string()), batch).await;
        }
        let mut templates = Vec::new();
        for word in words {
            match house.called(word).await? {
                Some(template) => templates.push(template.id.clone()),
                None => {
                    return self.refuse(heard, &cases::Refusal::new("E107").with("no", word), batch).await;
                }
            }
        }
        let order = Delegation {
            from: me.id.clone(),
            to: to.clone(),
            templates,
            since_ms,
            until_ms: last_ms.saturating_add(DAY_MS),
        };
        batch.put(&DELEGATION, &(me.id.0.clone(), heard.received_ms), &order);
        let who = chart.person(&to).map_or(to.0.as_str(), |person| &person.name).to_owned();
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        self.answer(
            batch,
            heard,
            &pen.say("told.delegated", &[("who", &who), ("from", &from), ("to", &until)]),
        );
        Ok(())
    }
}

/// A hash as people compare it.
fn short(hash: &str) -> String {
    let end = hash.char_indices().nth("sha256:".len() + 8).map_or(hash.len(), |(end, _)| end);
    format!("{}…", &hash[..end])
}
