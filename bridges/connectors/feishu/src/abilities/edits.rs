//! Changes what we said.

use async_trait::async_trait;
use bridge_api::{Edit, Edits, Failure, FailureKind, Outgoing, Refusal, Sent};
use serde_json::json;

use super::{addressee, message, recalls::recall, send};
use crate::{
    Feishu,
    client::{Call, CallError, codes::named},
    ids::{Addressee, MessageKey},
};

#[async_trait]
impl Edits for Feishu {
    async fn edit(&self, edit: &Edit) -> Result<Sent, Failure> {
        let to = addressee(&edit.conversation)?;
        let pieces = send::pieces(&edit.speaker, &edit.content)?;
        if pieces.iter().any(|piece| piece.kind != "post") {
            return Err(Failure::refused(Refusal::Impossible));
        }
        let mut sent = Sent { messages: Vec::new(), thread: None };
        for (id, piece) in edit.messages.iter().zip(&pieces) {
            change(self, &to, &message(id)?, &piece.content).await.map_err(too_late)?;
            sent.messages.push(id.clone());
        }
        for id in edit.messages.iter().skip(pieces.len()) {
            recall(self, &message(id)?).await?;
        }
        if pieces.len() > edit.messages.len() {
            // The change is longer than what it changes: the rest stands behind, under keys of this change.
            let rest = Outgoing {
                key: edit.key.clone(),
                conversation: edit.conversation.clone(),
                speaker: edit.speaker.clone(),
                content: edit.content.clone(),
                reply_to: None,
                thread: None,
            };
            let more = send::behind(self, &rest, edit.messages.len()).await?;
            sent.messages.extend(more.messages);
        }
        Ok(sent)
    }
}

async fn change(feishu: &Feishu, to: &Addressee, id: &MessageKey, content: &str) -> Result<(), CallError> {
    let body = json!({ "msg_type": "post", "content": content });
    feishu.client.done(Call::put(&["im", "v1", "messages", id.as_str()], &body).to(to)).await
}

/// The codes of a window that is over mean other things elsewhere.
fn too_late(error: CallError) -> Failure {
    let over = error.is_one_of(&named::EDIT_OVER);
    let failure = Failure::from(error);
    if over { Failure { kind: FailureKind::Refused(Refusal::TooLate), ..failure } } else { failure }
}
