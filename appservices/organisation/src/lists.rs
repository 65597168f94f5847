//! Staff lists from a chat: looked at, then applied; and the rules of visibility.

use kit::{
    Attachment, BotError, CallError, FetchError, FileSource, Heard, Letter, To, first_word, nearest_words,
    notice, texts::Lang,
};
use people::{PeopleError, import::Telling};
use ruma::EventId;
use store::Batch;

use crate::{
    Organisation, Unseen,
    bot::{LOCALPART, broken},
    tables::RULES,
    visibility::rules_of,
};

/// What `!org` takes behind it.
const WORDS: [&str; 12] = [
    "架构",
    "导入",
    "确认",
    "链接",
    "历史",
    "可见性",
    "tree",
    "import",
    "apply",
    "link",
    "history",
    "visibility",
];

impl Organisation {
    /// `!org …`.
    pub(crate) async fn org(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        let (word, rest) = first_word(arguments);
        match word.as_str() {
            "" | "tree" | "架构" => self.tree(heard, batch).await,
            "import" | "导入" => self.import(heard, rest.to_lowercase().contains("--full"), batch).await,
            "apply" | "确认" => self.apply(heard, rest, batch).await,
            "link" | "链接" => self.let_in(heard, rest, batch).await,
            "history" | "历史" => self.history(heard, rest, batch).await,
            "visibility" | "可见性" => self.set_rules(heard, rest, batch).await,
            other => self.unknown_word(heard, other, batch).await,
        }
    }

    /// A word that nobody knows behind `!org`: the three nearest (E106).
    async fn unknown_word(&self, heard: &Heard, word: &str, batch: &mut Batch) -> Result<(), BotError> {
        if self.person(heard, batch).await?.is_none() {
            return Ok(());
        }
        let lang = self.language(&heard.sender).await?;
        let verb = if Lang::of(word) == Lang::En { "org" } else { "组织" };
        let [a, b, c] = nearest_words(WORDS, word).map(|word| format!("!{verb} {word}"));
        self.answer(batch, heard, "r", &self.say(lang, "E106", &[("a", &a), ("b", &b), ("c", &c)]));
        Ok(())
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
            None => Err("org.list_how"),
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(cause) => {
                self.answer(batch, heard, "r", &self.say(lang, cause, &[]));
                return Ok(());
            }
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

    /// The file of a message, or the key of what is said where there is none.
    async fn file(&self, heard: &Heard, event: &EventId) -> Result<Result<Vec<u8>, &'static str>, BotError> {
        let event = self.0.kit.event_of(LOCALPART, &heard.room, event).await?;
        let Some(source) = event.as_ref().and_then(|event| FileSource::of(&event["content"])) else {
            return Ok(Err("org.list_how"));
        };
        match self.0.kit.fetch(LOCALPART, &source).await {
            Ok(bytes) => Ok(Ok(bytes.to_vec())),
            Err(FetchError::Unlike(_)) => Ok(Err("org.list_unlike")),
            Err(FetchError::Call(CallError::Refused { .. })) => Ok(Err("org.list_how")),
            Err(FetchError::Call(error @ (CallError::Limited(_) | CallError::Unreachable(_)))) => {
                Err(BotError::Later(error.to_string()))
            }
        }
    }

    async fn apply(&self, heard: &Heard, id: &str, batch: &mut Batch) -> Result<(), BotError> {
        if self.writer(heard, batch).await?.is_none() {
            return Ok(());
        }
        let lang = self.language(&heard.sender).await?;
        let say = |key: &str, values: &[(&str, &str)]| self.say(lang, key, values);
        let applied = match self.0.people.apply(id, heard.sender.as_str()).await {
            Ok(applied) => applied,
            Err(PeopleError::Store(error)) => return Err(error.into()),
            Err(error) => {
                self.answer(batch, heard, "r", &error.said(&say));
                return Ok(());
            }
        };
        let (count, version) = (applied.people.to_string(), applied.version.to_string());
        let text = self.say(lang, "org.applied", &[("count", &count), ("version", &version)]);
        self.answer(batch, heard, "r", &text);
        self.look_at_standings(batch, 0);
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
            bytes: applied.result_file(&say).into_bytes(),
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
