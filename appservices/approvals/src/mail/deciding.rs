//! What the button of a page does.

use cases::Via;
use http::StatusCode;
use kit::texts::Lang;
use store::{Batch, StoreError};

use super::{
    link::Answer,
    pages::{Opened, Pages},
    sheet::Sheet,
    written::{fields, head},
};
use crate::{
    Actor, OfficeError,
    act::Action,
    limits::MAIL_CONFLICTS_MAX,
    tables::MAIL_LINK,
    web::{Shown, Typed, page},
    wire::Change,
};

impl Opened {
    /// Whoever acts by the link: the hash of its address proves it.
    pub fn actor(&self, digest: &str) -> Actor {
        let person = self.scene.chart.active(&self.link.person);
        Actor {
            person: person.map(|person| person.id.clone()),
            account: person.and_then(|person| person.account.clone()),
            via: Via::Email,
            source: None,
            link: Some(digest.to_owned()),
        }
    }

    /// Whether a reason has to be given.
    fn needs_words(&self) -> bool {
        self.answer == Answer::Reject && self.scene.template.policy.reason_on_reject
    }
}

impl Pages {
    /// What the button sent: decided, or shown again with what is missing.
    pub(super) async fn take(
        &self,
        mut opened: Opened,
        signature: &str,
        typed: &Typed,
    ) -> Result<Shown, OfficeError> {
        let bot = &self.0.approvals;
        let words = typed.text("words");
        let pen = bot.pen(opened.lang);
        let signer = bot.house().await?.cases.signer();
        if !opened.link.is_token(&opened.id, opened.answer, typed.text("token"), opened.scene.at_ms, signer) {
            return Ok(self.sheet(&opened, words, Some(pen.say("mail.again", &[]))));
        }
        if words.is_empty() && opened.needs_words() {
            return Ok(self.sheet(&opened, words, Some(pen.say("mail.why", &[]))));
        }
        for _ in 0..MAIL_CONFLICTS_MAX {
            if let Some(ended) = self.ended(&opened) {
                return Ok(ended);
            }
            match self.decided(&opened, typed).await? {
                Some(shown) => return Ok(shown),
                // Something else happened to the case, or to the letter: it is looked at anew.
                None => match self.open(&opened.id, opened.answer, signature).await? {
                    Some(anew) => opened = anew,
                    None => return Ok(self.note(StatusCode::NOT_FOUND, Lang::Both, "mail.gone")),
                },
            }
        }
        Ok(self.note(StatusCode::SERVICE_UNAVAILABLE, opened.lang, "web.busy"))
    }

    /// Decides; nothing where something else came in between.
    async fn decided(&self, opened: &Opened, typed: &Typed) -> Result<Option<Shown>, OfficeError> {
        let bot = &self.0.approvals;
        let text = |name: &str| Some(typed.text(name).to_owned()).filter(|text| !text.is_empty());
        let task = Some(opened.link.task.clone());
        let action = match opened.answer {
            Answer::Approve => {
                let (comment, code) = (text("words"), text("code"));
                Action::Approve { task, comment, code, chance: bot.kit().rng().u64() }
            }
            Answer::Reject => Action::Reject { task, reason: text("words") },
        };
        let digest = opened.link.digest(&opened.id, opened.answer, bot.house().await?.cases.signer());
        let mut change = Change::of(opened.case.clone());
        if let Err(refusal) = opened.scene.act(&mut change, &action, &opened.actor(&digest)) {
            let wrong = bot.words_of(opened.lang, &refusal);
            return Ok(Some(self.sheet(opened, typed.text("words"), Some(wrong))));
        }
        let mut batch = Batch::new();
        batch.expect_eq(&MAIL_LINK, &opened.id, &opened.link);
        let marker = format!("mail/{}/{}/{}", opened.id, opened.answer.name(), opened.case.rev);
        let after = bot.carry_out(&mut batch, change, &opened.scene, &marker).await?;
        match bot.kit().store().commit(batch).await {
            Ok(_) => {}
            Err(StoreError::Conflict) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let awaiting = after.data.task(&opened.link.task).and_then(|task| task.awaiting.as_ref());
        if let Some(code) = awaiting.and_then(|awaiting| awaiting.code.as_deref()) {
            let wrong = text("code").map(|_| bot.pen(opened.lang).say("mail.wrong_code", &[]));
            return Ok(Some(self.sheet_with(opened, typed.text("words"), Some(code), wrong)));
        }
        let (first, _) = head(&after, &opened.card(), &opened.scene.world(), bot.pen(opened.lang));
        let done = bot.pen(opened.lang).say("mail.done", &[]);
        Ok(Some(self.said(StatusCode::OK, opened.lang, &[first, done])))
    }

    pub(super) fn sheet(&self, opened: &Opened, words: &str, wrong: Option<String>) -> Shown {
        self.sheet_with(opened, words, None, wrong)
    }

    fn sheet_with(&self, opened: &Opened, words: &str, code: Option<&str>, wrong: Option<String>) -> Shown {
        let bot = &self.0.approvals;
        let (world, pen) = (opened.scene.world(), bot.pen(opened.lang));
        let (first, delegate) = head(&opened.case, &opened.card(), &world, pen);
        let lines = [first].into_iter().chain(delegate).chain(fields(&opened.case, &world, pen).lines);
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let sheet = Sheet {
            lines: lines.collect(),
            answer: opened.answer,
            token: &opened.token,
            words,
            needs_words: opened.needs_words(),
            code,
            wrong,
            pen,
        };
        Shown { status, markup: page(opened.lang, &pen.say("mail.title", &[]), &sheet.markup()) }
    }
}
