//! What the platform of the script can do beyond saying something.

use std::{sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use bridge_api::{
    Arrival, Backfill, ByteStream, Content, ConversationId, Cursor, Download, Edit, Edits, Failure, File,
    FileKind, Files, Forms, MediaId, Members, MessageId, Names, Page, Person, Recalls, Refusal, Sent,
};

use super::{FILMS, PICTURES, Script, VOICES};
use crate::tests::stage::CHAT;

#[async_trait]
impl Edits for Script {
    async fn edit(&self, edit: &Edit) -> Result<Sent, Failure> {
        self.works()?;
        if !self.takes_edits.load(Ordering::Relaxed) || matches!(edit.content, Content::File(_)) {
            return Err(Failure::refused(Refusal::Impossible));
        }
        self.edits.lock().push(edit.clone());
        Ok(Sent { messages: edit.messages.clone(), thread: None })
    }
}

#[async_trait]
impl Recalls for Script {
    async fn recall(&self, _: &ConversationId, message: &MessageId) -> Result<(), Failure> {
        self.works()?;
        self.recalled.lock().push(message.clone());
        Ok(())
    }
}

#[async_trait]
impl Names for Script {
    async fn rename(&self, _: &ConversationId, name: &str) -> Result<(), Failure> {
        self.works()?;
        self.renamed.lock().push(name.to_owned());
        Ok(())
    }
}

#[async_trait]
impl Members for Script {
    async fn members(&self, _: &ConversationId, _: Option<&Cursor>) -> Result<Page<Person>, Failure> {
        Ok(Page { items: self.members.lock().clone(), next: None })
    }

    fn lists_everybody(&self, conversation: &ConversationId) -> bool {
        conversation.as_str() == CHAT
    }
}

#[async_trait]
impl Backfill for Script {
    async fn history(
        &self,
        _: &ConversationId,
        since_ms: u64,
        _: Option<&Cursor>,
    ) -> Result<Page<Arrival>, Failure> {
        self.asked_since.lock().push(since_ms);
        let items = self.history.lock().iter().filter(|arrival| arrival.at_ms >= since_ms).cloned().collect();
        Ok(Page { items, next: None })
    }

    fn read_again_every(&self) -> Option<Duration> {
        *self.again_every.lock()
    }

    async fn latest(&self, conversation: &ConversationId, since_ms: u64) -> Result<Vec<Arrival>, Failure> {
        self.works()?;
        Ok(self.history(conversation, since_ms, None).await?.items)
    }
}

#[async_trait]
impl Files for Script {
    fn forms(&self, _: &ConversationId, kind: FileKind) -> Forms {
        match kind {
            FileKind::Image => Forms { side_max: Some(64), ..Forms::of(PICTURES, 20_000) },
            FileKind::Voice => Forms { duration_ms_max: Some(60_000), ..Forms::of(VOICES, 20_000) },
            FileKind::Video => Forms::of(FILMS, 1_000_000),
            FileKind::File => Forms::any(1_000_000),
        }
    }

    async fn upload(&self, _: &ConversationId, file: &File, bytes: ByteStream) -> Result<MediaId, Failure> {
        self.works()?;
        let bytes = bridge_api::whole(bytes, 1_000_000).await?;
        self.taken.lock().push((file.clone(), bytes));
        Ok(file.media.clone())
    }

    async fn download(&self, _: &ConversationId, _: &MessageId, file: &File) -> Result<Download, Failure> {
        self.understands(&file.name)?;
        let (bytes, mimetype) = self.given.lock().clone();
        let size = u64::try_from(bytes.len()).ok();
        let bytes = Box::pin(futures_util::stream::iter([Ok(bytes)]));
        Ok(Download { name: None, mimetype: Some(mimetype.to_owned()), size, bytes })
    }
}
