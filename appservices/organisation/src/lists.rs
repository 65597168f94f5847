//! Staff lists from a chat: looked at, then applied; and the rules of visibility.

use kit::{Attachment, BotError, CallError, Heard, Letter, To, notice};
use people::{PeopleError, import::Telling};
use ruma::EventId;
use store::Batch;

use crate::{
    Organisation, Unseen,
    bot::{LOCALPART, broken},
    tables::RULES,
    visibility::rules_of,
};

impl Organisation {
    /// `!org …`.
    pub(crate) async fn org(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        let (word, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        match word {
            "import" | "导入" => self.import(heard, rest.contains("--full"), batch).await,
            "apply" | "确认" => self.apply(heard, rest.trim(), batch).await,
            "link" | "链接" => self.let_in(heard, rest.trim(), batch).await,
            "visibility" | "可见性" => self.set_rules(heard, rest.trim(), batch).await,
            _ => self.tree(heard, batch).await,
        }
    }

    /// Looks at the list that the command answers.
    async fn import(&self, heard: &Heard, full: bool, batch: &mut Batch) -> Result<(), BotError> {
        if self.writer(heard, batch).await?.is_none() {
            return Ok(());
        }
        let lang = self.language(&heard.sender).await?;
        let about = heard.about.as_ref().or(heard.thread.as_ref());
        let bytes = match about {
            Some(event) => self.file(heard, event).await?,
            None => None,
        };
        let Some(bytes) = bytes else {
            self.answer(batch, heard, "r", &self.say(lang, "org.list_how", &[]));
            return Ok(());
        };
        let say = |key: &str, values: &[(&str, &str)]| self.say(lang, key, values);
        let text = match self.0.links.preview(&bytes, full, heard.sender.as_str()).await {
            Ok(preview) => {
                let chart = self.0.people.chart();
                let after = preview.plan.onto(&chart, chart.version() + 1);
                let steps = (self.0.steps)(std::sync::Arc::new(after)).await;
                let others = preview.plan.second_administrators(&chart, heard.sender.as_str());
                let telling = Telling { say: &say, steps: &steps, others: &others };
                let id = self.say(lang, "org.dry_run", &[("id", &preview.id)]);
                format!("{}{id}", preview.plan.summary(&preview.list, telling))
            }
            Err(Unseen::People(PeopleError::Store(error))) => return Err(error.into()),
            Err(Unseen::People(error)) => error.said(&say),
            Err(Unseen::Call(error)) => return Err(BotError::Later(error.to_string())),
        };
        self.answer(batch, heard, "r", &text);
        Ok(())
    }

    async fn file(&self, heard: &Heard, event: &EventId) -> Result<Option<Vec<u8>>, BotError> {
        let Some(event) = self.0.kit.event_of(LOCALPART, &heard.room, event).await? else { return Ok(None) };
        let Some(url) = event["content"]["url"].as_str() else { return Ok(None) };
        let Some(intent) = self.0.kit.intent(LOCALPART) else { return Ok(None) };
        match intent.download(url).await {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(CallError::Refused { .. }) => Ok(None),
            Err(error @ (CallError::Limited(_) | CallError::Unreachable(_))) => {
                Err(BotError::Later(error.to_string()))
            }
        }
    }

    async fn apply(&self, heard: &Heard, id: &str, batch: &mut Batch) -> Result<(), BotError> {
        if self.writer(heard, batch).await?.is_none() {
            return Ok(());
        }
        let lang = self.language(&heard.sender).await?;
        let applied = match self.0.people.apply(id, heard.sender.as_str()).await {
            Ok(applied) => applied,
            Err(PeopleError::Store(error)) => return Err(error.into()),
            Err(error) => {
                let say = |key: &str, values: &[(&str, &str)]| self.say(lang, key, values);
                self.answer(batch, heard, "r", &error.said(&say));
                return Ok(());
            }
        };
        let (count, version) = (applied.people.to_string(), applied.version.to_string());
        let text = self.say(lang, "org.applied", &[("count", &count), ("version", &version)]);
        self.answer(batch, heard, "r", &text);
        if applied.newcomers > 0 {
            let count = applied.newcomers.to_string();
            self.answer(batch, heard, "new", &self.say(lang, "org.newcomers", &[("count", &count)]));
        }
        let key = format!("result/{}", heard.event_id);
        let mut content = notice(&self.say(lang, "org.result", &[]));
        content["msgtype"] = serde_json::json!("m.file");
        let letter = Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), content);
        let attachment = Attachment {
            name: "result.csv".to_owned(),
            mimetype: "text/csv".to_owned(),
            bytes: applied.result_file.into_bytes(),
        };
        self.0.kit.outbox().put(batch, Letter { attachment: Some(attachment), ..letter });
        Ok(())
    }

    async fn set_rules(&self, heard: &Heard, text: &str, batch: &mut Batch) -> Result<(), BotError> {
        if self.writer(heard, batch).await?.is_none() {
            return Ok(());
        }
        let lang = self.language(&heard.sender).await?;
        let said = match rules_of(text) {
            Ok(rules) => {
                batch.put(&RULES, &(), &text.to_owned());
                self.say(lang, "org.rules", &[("count", &rules.len().to_string())])
            }
            Err(problem) => self.say(lang, "org.rules_wrong", &[("problem", &problem)]),
        };
        self.answer(batch, heard, "r", &said);
        Ok(())
    }

    /// Binds an account to a person, for good.
    pub(crate) async fn bind_person(
        &self,
        id: &str,
        account: &ruma::UserId,
        by: &str,
    ) -> Result<bool, BotError> {
        self.0.people.bind(&people::PersonId(id.to_owned()), account, by).await.map_err(broken)
    }
}
