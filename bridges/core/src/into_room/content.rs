//! A part of a message as the content of an event.

use std::collections::HashMap;

use bridge_api::{Content, File, FileKind, MessageId, RichText};
use serde_json::{Value, json};

use super::Bringing;
use crate::{
    error::Stuck,
    ghosts::Ghost,
    html::{Written, write},
    media::{Fetched, usual},
    names::tamed,
    telling::refusal_text,
};

/// The events that a message becomes: its parts, and the words that stand with a file where it has one file and words.
pub(super) fn events_of(parts: &[Content]) -> Vec<(&Content, Option<&RichText>)> {
    match parts {
        [file @ Content::File(of), Content::Text(words)]
        | [Content::Text(words), file @ Content::File(of)]
            if of.kind != FileKind::Voice && !words.is_empty() =>
        {
            vec![(file, Some(words))]
        }
        _ => parts.iter().map(|part| (part, None)).collect(),
    }
}

impl Bringing<'_> {
    /// The content of an event of a message, with the words that stand with a file.
    pub(super) async fn with_words(
        &self,
        ghost: &Ghost,
        id: &MessageId,
        (part, words): (&Content, Option<&RichText>),
    ) -> Result<Value, Stuck> {
        let mut content = self.content(ghost, id, part).await?;
        let Some(words) = words else { return Ok(content) };
        let mut words = self.text(words).await?;
        if content["url"].is_null() {
            // It says why there is no file.
            let reason = content["body"].as_str().unwrap_or_default();
            words["body"] = json!(format!("{reason}\n{}", words["body"].as_str().unwrap_or_default()));
            content["body"] = words["body"].take();
            content["m.mentions"] = words["m.mentions"].take();
            return Ok(content);
        }
        for key in ["body", "format", "formatted_body", "m.mentions"] {
            if let Some(value) = words.get_mut(key) {
                content[key] = value.take();
            }
        }
        Ok(content)
    }

    /// The content of a part. What cannot be carried is said in words.
    async fn content(&self, ghost: &Ghost, id: &MessageId, part: &Content) -> Result<Value, Stuck> {
        match part {
            Content::Text(text) => self.text(text).await,
            Content::File(file) => self.file(ghost, id, file).await,
            Content::Card(card) => {
                let mut text = RichText::plain(&card.title);
                text.blocks.extend(card.body.blocks.clone());
                self.text(&text).await
            }
            Content::Location { name, latitude, longitude } => {
                let uri = format!("geo:{latitude},{longitude}");
                Ok(
                    json!({ "msgtype": "m.location", "body": format!("{} {uri}", tamed(name)), "geo_uri": uri }),
                )
            }
            Content::Sticker { media: Some(media), name } => {
                let file = File::new(FileKind::Image, format!("{}.png", tamed(name)), media.clone());
                self.file(ghost, id, &file).await
            }
            Content::Sticker { media: None, .. } | Content::Unsupported { .. } => {
                let body = RichText::plain(&part.to_plain()).tamed().to_plain();
                Ok(json!({ "msgtype": "m.notice", "body": body, "m.mentions": {} }))
            }
        }
    }

    /// Words of somebody elsewhere, within bounds and without harm.
    pub(super) async fn text(&self, text: &RichText) -> Result<Value, Stuck> {
        let text = text.tamed();
        let mut accounts = HashMap::new();
        for person in text.mentions() {
            accounts.insert(person.clone(), self.bridges.account_of(self.network(), person).await?);
        }
        let Written { body, html, mentions } = write(&text, &|person| accounts.get(person).cloned());
        let mentions = if mentions.is_empty() { json!({}) } else { json!({ "user_ids": mentions }) };
        let mut content = json!({ "msgtype": "m.text", "body": body, "m.mentions": mentions });
        if let Some(html) = html {
            content["format"] = json!("org.matrix.custom.html");
            content["formatted_body"] = json!(html);
        }
        Ok(content)
    }

    async fn file(&self, ghost: &Ghost, id: &MessageId, file: &File) -> Result<Value, Stuck> {
        let fetched = match self.bridges.fetch(self.lane, id, file).await {
            Ok(fetched) => fetched,
            Err(Stuck::Never(_, refusal)) => {
                let reason = refusal_text(refusal.as_ref(), self.bridges.0.settings.language);
                let body = format!("[{}] {reason}", tamed(&file.name));
                return Ok(json!({ "msgtype": "m.notice", "body": body, "m.mentions": {} }));
            }
            Err(error) => return Err(error),
        };
        let Fetched { name, mimetype, bytes, place } = fetched;
        let name = file_name(file, name.as_deref());
        let file = File { name, mimetype: Some(mimetype), ..file.clone() };
        let (file, bytes) = Box::pin(self.bridges.shown(self.lane, file, bytes)).await;
        let mimetype = file.mimetype.as_deref().unwrap_or(usual(file.kind));
        let (name, size) = (&file.name, bytes.len());
        let mxc = self.bridges.uploader(ghost)?.upload(Some(name), mimetype, bytes).await?;
        // Its bytes are gone.
        drop(place);
        let mut info = json!({ "mimetype": mimetype, "size": size });
        if let Some((width, height)) = file.dimensions {
            info["w"] = json!(width);
            info["h"] = json!(height);
        }
        if let Some(duration) = file.duration_ms {
            info["duration"] = json!(duration);
        }
        let kind = match file.kind {
            FileKind::Image => "m.image",
            FileKind::File => "m.file",
            FileKind::Voice => "m.audio",
            FileKind::Video => "m.video",
        };
        let mut content = json!({ "msgtype": kind, "body": name, "filename": name, "url": mxc, "info": info, "m.mentions": {} });
        if file.kind == FileKind::Voice {
            content["org.matrix.msc3245.voice"] = json!({});
        }
        Ok(content)
    }
}

/// A file's name without paths, and never nothing.
fn file_name(file: &File, told: Option<&str>) -> String {
    let clean = |name: &str| tamed(&name.replace(['/', '\\'], "_"));
    let own = clean(&file.name);
    if !own.is_empty() {
        return own;
    }
    told.map(clean).filter(|name| !name.is_empty()).unwrap_or_else(|| "file".to_owned())
}

#[cfg(test)]
mod tests {
    use bridge_api::MediaId;

    use super::*;

    #[test]
    fn one_file_and_words_are_one_event_and_everything_else_is_one_for_each_part() {
        let file = |kind| Content::File(File::new(kind, "a", MediaId::new("m").expect("valid")));
        let words = Content::Text(RichText::plain("see"));
        for (parts, events) in [
            (vec![file(FileKind::Image), words.clone()], vec![true]),
            (vec![words.clone(), file(FileKind::File)], vec![true]),
            (vec![file(FileKind::Voice), words.clone()], vec![false, false]),
            (vec![words.clone(), file(FileKind::Image), words.clone()], vec![false; 3]),
            (vec![file(FileKind::Image), Content::Text(RichText::default())], vec![false, false]),
            (vec![words], vec![false]),
        ] {
            let made: Vec<_> = events_of(&parts).iter().map(|(_, words)| words.is_some()).collect();
            assert_eq!(made, events, "{parts:?}");
        }
    }
}
