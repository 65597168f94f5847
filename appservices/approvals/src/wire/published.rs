//! Templates as state of the administration room: whoever looks after approvals reads and sets them there.
//!
//! What counts is what was published: every version stays in the store, and cases keep the one they began with. The
//! state shows the newest, and whoever sets it asks for a new one.

use cases::Refusal;
use kit::{Heard, Letter, PREFIX, To};
use office::RoomOrder;
use people::Chart;
use serde_json::{Value, json};
use store::Batch;

use super::{Approvals, LOCALPART, members::accounts_in};
use crate::{
    OfficeError,
    card::Pen,
    flow::ADMINISTRATORS,
    template::{Problem, Template},
};

/// The key of the room.
pub(super) const ADMINISTRATION: &str = "administration";

/// The type of the state, behind the prefix of ours.
pub(super) const TEMPLATE_STATE: &str = "approval.template";

impl Approvals {
    /// Somebody who looks after approvals set a template in their room.
    pub(super) async fn template_set(
        &self,
        heard: &Heard,
        id: &str,
        content: &Value,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let place = self.kit().place_of(LOCALPART, &heard.room).await?;
        if place.as_deref() != Some(ADMINISTRATION) {
            return Ok(());
        }
        let mut content = content.clone();
        let force = content.as_object_mut().and_then(|fields| fields.remove("force")) == Some(json!(true));
        content["id"] = json!(id);
        if let Some(template) = self.publish(heard, &content.to_string(), force, batch).await? {
            self.put_template(batch, &template, "");
        } else if let Some(newest) = self.house().await?.newest(id).await? {
            // The room goes on to show what counts.
            self.put_template(batch, &newest, heard.event_id.as_str());
        }
        Ok(())
    }

    /// Publishes a template for somebody who looks after approvals, and says what came of it.
    pub(super) async fn publish(
        &self,
        heard: &Heard,
        text: &str,
        force: bool,
        batch: &mut Batch,
    ) -> Result<Option<Template>, OfficeError> {
        if !self.looks_after(heard, batch).await? {
            return Ok(None);
        }
        let house = self.house().await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let (template, dead_ends) = match house.checked(text, force) {
            Ok(checked) => checked,
            Err(problems) => {
                let refusal = Refusal::new("E120").with("list", listed(&problems, pen));
                self.refuse(heard, &refusal, batch).await?;
                return Ok(None);
            }
        };
        let template = house.publish(batch, template, false).await?;
        let mut told = pen.say("told.published", &[("template", &template.mark())]);
        if !dead_ends.is_empty() {
            told.push('\n');
            told.push_str(&pen.say("told.dead_ends", &[("list", &listed(&dead_ends, pen))]));
        }
        self.answer(batch, heard, &told);
        Ok(Some(template))
    }

    /// Whether somebody looks after approvals; who does not hears so (E102).
    pub(super) async fn looks_after(&self, heard: &Heard, batch: &mut Batch) -> Result<bool, OfficeError> {
        let chart = self.house().await?.chart();
        let me = chart.by_account(&heard.sender);
        if me.is_some_and(|me| chart.in_role(ADMINISTRATORS).contains(&me.id)) {
            return Ok(true);
        }
        let refusal = Refusal::new("E102").with("role", ADMINISTRATORS).with("scope", "org");
        self.refuse(heard, &refusal, batch).await?;
        Ok(false)
    }

    /// Shows a version in the administration room. `again` tells a repetition from the first time.
    pub(super) fn put_template(&self, batch: &mut Batch, template: &Template, again: &str) {
        let content = serde_json::to_value(template).unwrap_or_default();
        let key = format!("tpl/{}/{again}", template.mark());
        let mut letter = Letter::message(key, LOCALPART, To::Place(ADMINISTRATION.to_owned()), content);
        letter.kind = format!("{PREFIX}{TEMPLATE_STATE}");
        letter.state_key = Some(template.id.clone());
        self.kit().outbox().put(batch, letter);
    }

    /// The administration room is there as soon as somebody looks after approvals, and they are in it.
    pub(super) async fn keep_administration(
        &self,
        batch: &mut Batch,
        chart: &Chart,
    ) -> Result<(), OfficeError> {
        let is_there = self.kit().has_place(LOCALPART, ADMINISTRATION).await?;
        let helpers = accounts_in(chart, ADMINISTRATORS);
        if !is_there && helpers.is_empty() {
            return Ok(());
        }
        let pen = self.pen(self.kit().language(None, None).await?);
        let order = RoomOrder {
            kind: "administration",
            no: None,
            name: pen.say("room.administration", &[]),
            topic: pen.say("room.topic", &[]),
            helpers: helpers.into_iter().collect(),
            theirs: vec![format!("{PREFIX}{TEMPLATE_STATE}")],
            servers: vec![self.kit().server_name().to_owned()],
        };
        let request = order.request();
        if is_there {
            if self.keep_members(batch, ADMINISTRATION, ADMINISTRATORS, chart).await? {
                let powers = request["power_level_content_override"].clone();
                let key = format!("powers/{ADMINISTRATION}/{}", chart.version());
                let mut letter =
                    Letter::message(key, LOCALPART, To::Place(ADMINISTRATION.to_owned()), powers);
                letter.kind = "m.room.power_levels".to_owned();
                letter.state_key = Some(String::new());
                self.kit().outbox().put(batch, letter);
            }
            return Ok(());
        }
        self.kit().order_place(batch, LOCALPART, ADMINISTRATION, request).await?;
        for template in self.house().await?.all_newest().await? {
            self.put_template(batch, &template, "");
        }
        self.keep_members(batch, ADMINISTRATION, ADMINISTRATORS, chart).await?;
        Ok(())
    }
}

/// Problems, one after the other, in the words of the table.
fn listed(problems: &[Problem], pen: Pen<'_>) -> String {
    problems.iter().map(|problem| problem.said(pen.texts, pen.lang)).collect::<Vec<_>>().join("; ")
}
