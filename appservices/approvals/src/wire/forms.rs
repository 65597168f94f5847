//! Forms as a whole: to fill in by a reply, or in a browser by a link. What came from a browser is done here.

use cases::{Case, Refusal, Source, Via};
use kit::{Fired, Heard, Letter, Related, Relation, To, message, texts::Lang};
use people::Chart;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Batch;

use super::{
    Approvals, Change, LOCALPART,
    answers::answering,
    arguments::{is_number_of_others, number_of},
};
use crate::{
    OfficeError,
    act::Action,
    card::{names_in, title},
    desk::Actor,
    flow::needed,
    instance::{Instance, state},
    limits::{FORM_LINK_LETTERS, FORM_LINK_MS},
    tables::FORM_LINK,
    template::{Field, FieldKind, Form},
    web::FormLink,
};

/// What keys of timers begin with by which a form from a browser is done.
pub(crate) const FILLED_TIMER: &str = "form-filled/";

/// What keys of timers begin with that end a link.
pub(crate) const LINK_TIMER: &str = "form-link/";

/// A form that came from a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Filled {
    /// The case.
    pub case: String,
    /// Whose link it was.
    pub account: OwnedUserId,
    /// Where the link was asked for.
    pub room: OwnedRoomId,
    /// By what it was asked for.
    pub event: OwnedEventId,
    /// All that was typed.
    pub form: Form,
    /// Whether it is to be handed in, if no file is missing.
    pub submits: bool,
}

impl Filled {
    /// Who acts by it: the event by which they asked for the link is theirs.
    pub fn actor(&self, chart: &Chart) -> Actor {
        Actor {
            person: chart.by_account(&self.account).map(|person| person.id.clone()),
            account: Some(self.account.clone()),
            via: Via::Web,
            source: Some(Source::event(self.room.clone(), self.event.clone())),
            link: None,
        }
    }
}

impl Approvals {
    /// `[NO | TEMPLATE]`: the form of a draft, or of a new one.
    pub(super) async fn form(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if arguments.is_empty() || number_of(arguments).0.is_some() || is_number_of_others(arguments) {
            return Box::pin(self.on_case(heard, "form", arguments, batch)).await;
        }
        let Some(template) = self.house().await?.called(arguments).await? else {
            return self.refuse(heard, &Refusal::new("E107").with("no", arguments), batch).await;
        };
        match self.start(heard, &template.id, "", None, batch).await? {
            Some(case) if case.state == state::DRAFT => self.show_form(heard, &case, true, batch).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Gives the starter the form of a draft, in their direct chat alone.
    pub(super) async fn show_form(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        is_new: bool,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let actor = self.actor(heard).await?;
        let mut change = Change::of(case.clone());
        if let Err(refusal) = scene.act(&mut change, &Action::Fill(Form::new()), &actor) {
            return self.refuse(heard, &refusal, batch).await;
        }
        if case.data.is_resting {
            // The dialogue goes on from here.
            self.carry_out(batch, change, &scene, heard.event_id.as_str()).await?;
        }
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let open = scene.template.form.iter();
        let open = open.filter(|field| field.kind.is_typed() && !case.data.form.contains_key(&field.id));
        let lines: Vec<String> = open
            .map(|field| {
                let label = match field.label.in_language(names_in(pen.lang)) {
                    "" => &field.id,
                    label => label,
                };
                pen.say("reply.line", &[("field", label), ("hint", &hint(field, pen.lang))])
            })
            .collect();
        let mut text = title(case, &scene.world(), pen);
        if !lines.is_empty() {
            text = format!("{text}\n{}\n{}", pen.say("reply.how", &[]), lines.join("\n"));
        }
        // A page is not encrypted for its reader.
        if !case.data.is_secret
            && let Some(url) = self.link_to(heard, &case.id, batch).await?
        {
            let minutes = (FORM_LINK_MS / 60_000).to_string();
            text = format!("{text}\n{}", pen.say("web.link", &[("minutes", &minutes), ("url", &url)]));
        }
        if heard.is_direct {
            let letter = answering(heard, "f", message(&text, None));
            self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
            return Ok(());
        }
        if !is_new {
            self.answer(batch, heard, &pen.say("preview.elsewhere", &[("no", &case.no)]));
        }
        let key = format!("f/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), message(&text, None));
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        Ok(())
    }

    /// A new link to the form of a case, which ends the one before; nothing where browsers do not reach this server.
    async fn link_to(
        &self,
        heard: &Heard,
        case: &str,
        batch: &mut Batch,
    ) -> Result<Option<String>, OfficeError> {
        let Some(base) = self.public_url() else { return Ok(None) };
        let link = FormLink {
            account: heard.sender.clone(),
            room: heard.room.clone(),
            event: heard.event_id.clone(),
            until_ms: self.kit().clock().now_ms().saturating_add(FORM_LINK_MS),
            chance: self.kit().rng().string(FORM_LINK_LETTERS),
        };
        batch.put(&FORM_LINK, case, &link);
        let key = format!("{LINK_TIMER}{case}");
        self.kit().timers().set(batch, LOCALPART, &key, link.until_ms, json!({}));
        Ok(Some(format!("{base}{}", link.path(case, self.house().await?.cases.signer()))))
    }

    /// Forgets a link that is over.
    pub(super) async fn link_ended(&self, case: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        let link = self.kit().store().get(&FORM_LINK, case).await?;
        if link.is_some_and(|link| link.until_ms <= self.kit().clock().now_ms()) {
            batch.delete(&FORM_LINK, case);
        }
        Ok(())
    }

    /// Has the bot do what came from a browser, and uses the link up.
    pub(crate) fn hand_over(&self, batch: &mut Batch, filled: &Filled) {
        batch.delete(&FORM_LINK, &filled.case);
        self.kit().timers().cancel(batch, &format!("{LINK_TIMER}{}", filled.case));
        let key = format!("{FILLED_TIMER}{}", self.kit().rng().string(FORM_LINK_LETTERS));
        self.kit().timers().set(batch, LOCALPART, &key, self.kit().clock().now_ms(), json!(filled));
    }

    /// Does what came from a browser. What is refused by now the starter hears.
    pub(super) async fn filled_in(&self, fired: &Fired, batch: &mut Batch) -> Result<(), OfficeError> {
        let filled: Filled = serde_json::from_value(fired.payload.clone()).map_err(|error| {
            OfficeError::Unusable(format!("a form from a browser cannot be read: {error}"))
        })?;
        let Some(case) = self.house().await?.cases.get::<Instance>(&filled.case).await? else {
            return Ok(());
        };
        let scene = self.scene_of(&case.data, self.kit().clock().now_ms()).await?;
        let actor = filled.actor(&scene.chart);
        let pen = self.pen(self.language_of_account(&filled.account).await?);
        let (home, no) = (case.data.home.clone(), case.no.clone());
        let mut change = Change::of(case);
        let text = match scene.act(&mut change, &Action::Rewrite(filled.form), &actor) {
            Ok(()) => {
                let is_complete = needed(&scene.world(), &change.decision.case.data).is_empty();
                let text = match filled.submits && is_complete {
                    true => match scene.act(&mut change, &Action::Submit, &actor) {
                        Ok(()) => pen.say("draft.submitted", &[("no", &no)]),
                        Err(refusal) => self.words_of(pen.lang, &refusal),
                    },
                    false => {
                        let saved = pen.say("web.saved", &[("no", &no)]);
                        format!("{saved}\n{}", self.next_question(&scene, &change.decision.case.data, pen))
                    }
                };
                self.carry_out(batch, change, &scene, &fired.key).await?;
                text
            }
            Err(refusal) => self.words_of(pen.lang, &refusal),
        };
        let key = format!("w/{}", fired.key);
        let letter = match home.filter(|home| home.is_direct) {
            Some(home) => Letter::message(key, LOCALPART, To::Room(home.room), message(&text, None))
                .relating(Relation::Thread(Related::Event(home.event))),
            None => Letter::message(key, LOCALPART, To::Direct(filled.account), message(&text, None)),
        };
        self.kit().outbox().put(batch, letter);
        Ok(())
    }
}

/// What may stand in a field, behind its name in brackets.
fn hint(field: &Field, lang: Lang) -> String {
    let inner = if field.kind == FieldKind::List {
        let columns = field.columns.iter().map(|column| column.label.in_language(names_in(lang)));
        columns.collect::<Vec<_>>().join(" ")
    } else {
        field.options.join(" / ")
    };
    match (inner.as_str(), lang) {
        ("", _) => String::new(),
        (inner, Lang::En) => format!(" ({inner})"),
        (inner, Lang::Zh | Lang::Both) => format!("（{inner}）"),
    }
}
