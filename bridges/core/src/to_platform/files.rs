//! Files of a room: given to the platform, or a link to them where it does not take them.

use bridge_api::{Block, ByteStream, Content, File, FileKind, Inline, MediaId, Refusal, RichText};
use ruma::EventId;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Sending, event::What};
use crate::{
    conversion::bytes_max,
    error::Stuck,
    limits::{DAY_MS, LINK_DAYS},
    media::{is_media_type, usual},
    names::{hex, tamed},
    tables::LinkRow,
};

impl Sending<'_> {
    /// Gives a file to the platform; what it does not take becomes a link, or a word that there was a file.
    pub(super) async fn file(&mut self, what: &What, json: &Value) -> Result<Content, Stuck> {
        let What::File { kind, name, mxc, mimetype, duration_ms, dimensions, .. } = what else {
            return Err(Stuck::Never("no file".to_owned(), None));
        };
        let name = match tamed(&name.replace(['/', '\\'], "_")) {
            name if name.is_empty() => "file".to_owned(),
            name => name,
        };
        let (seat, bridges) = (self.seat, self.bridges);
        let Some(files) = seat.connector.files() else { return self.link(&name, mxc, json).await };
        let forms = files.forms(&self.lane.1, *kind);
        let documents = files.forms(&self.lane.1, FileKind::File);
        let bytes_max = bytes_max(*kind, &forms, &documents);
        if json["content"]["info"]["size"].as_u64().is_some_and(|size| size > bytes_max) {
            return self.link(&name, mxc, json).await;
        }
        let _place = bridges.0.files.acquire().await;
        let bytes = match bridges.bot_intent()?.download(mxc).await {
            Ok(bytes) => bytes,
            Err(kit::CallError::Refused { .. }) => return self.link(&name, mxc, json).await,
            Err(error) => return Err(error.into()),
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > bytes_max || size == 0 {
            return self.link(&name, mxc, json).await;
        }
        let own = hex(&Sha256::digest(mxc.as_bytes()));
        let media = MediaId::new(own).map_err(|error| Stuck::Never(error.to_string(), None))?;
        let told = mimetype.clone().filter(|kind| is_media_type(kind));
        let file = File {
            kind: *kind,
            name: name.clone(),
            mimetype: Some(told.unwrap_or_else(|| usual(*kind).to_owned())),
            size: Some(size),
            duration_ms: *duration_ms,
            dimensions: *dimensions,
            media,
        };
        let fitted = Box::pin(bridges.fitted(self.lane, file, bytes, (&forms, &documents))).await;
        let Some((mut file, bytes)) = fitted else { return self.link(&name, mxc, json).await };
        for kind in [file.kind, FileKind::File] {
            file.kind = kind;
            let stream: ByteStream = Box::pin(futures_util::stream::iter([Ok(bytes.clone())]));
            let given = seat.heard(files.upload(&self.lane.1, &file, stream).await);
            match given.map_err(Stuck::from) {
                Ok(media) => return Ok(Content::File(File { media, ..file })),
                // A picture that is no picture to the platform goes as a file.
                Err(Stuck::Never(
                    _,
                    Some(Refusal::Impossible | Refusal::TooLarge { .. } | Refusal::Other(_)),
                )) => {}
                Err(error) => return Err(error),
            }
        }
        self.link(&name, mxc, json).await
    }

    /// A link to a file, with for how long it opens. Where nobody said at which address people reach us, a word that there was a
    /// file, and the sender is told why.
    async fn link(&mut self, name: &str, mxc: &str, json: &Value) -> Result<Content, Stuck> {
        let label = format!("[{name}]");
        let relation = &json["content"]["m.relates_to"];
        let replaced = (relation["rel_type"] == "m.replace").then(|| relation["event_id"].as_str()).flatten();
        let replaced = replaced.and_then(|event| EventId::parse(event).ok());
        let events = [self.event.clone()].into_iter().chain(replaced).collect();
        let message = LinkRow { room: self.room.clone(), events };
        let inlines = match self.bridges.link_to(mxc, name, &message, self.received_ms).await? {
            Some(address) => {
                let till = self.told("bridge.link.till", &[("days", &LINK_DAYS.to_string())]);
                vec![Inline::Link { address, label }, Inline::text(till)]
            }
            None => {
                if self.bridges.0.settings.public_url.is_none() {
                    self.tell_no_address(name);
                }
                vec![Inline::text(label)]
            }
        };
        Ok(Content::Text(RichText { blocks: vec![Block::Paragraph(inlines)] }.tamed()))
    }

    /// Once a day for each conversation.
    fn tell_no_address(&mut self, name: &str) {
        let (network, day) = (self.lane.0.key(), self.bridges.0.clock.now_ms() / DAY_MS);
        let unique = format!("no_address/{network}/{}/{}/{day}", self.lane.1, self.room);
        let conversation = self.bridges.name_of(self.lane);
        let values = [("conversation", conversation.as_str()), ("name", name)];
        let about = Some(self.event.clone());
        let (room, key) = (self.room.clone(), "bridge.told.no_address");
        self.bridges.notice_about(&mut self.batch, &room, &unique, key, &values, about);
    }
}
