//! Says something in a chat. One thing to say may take several messages; each is sent once.

use bridge_api::{
    Content, Failure, FileKind, MessageId, Outgoing, Refusal, RichText, Sent, Speaker, ThreadId,
};
use serde::Deserialize;
use serde_json::json;

use super::{addressee, id_of, message, remembered::Remembered};
use crate::{
    Feishu, cards,
    client::{Call, CallError, codes::named},
    content::post_sent,
    ids::{Addressee, FileKey, ImageKey, MessageKey, TopicId},
};

/// One message to the platform.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its `msg_type`.
    pub kind: &'static str,
    /// Its `content`, JSON in a text.
    pub content: String,
}

/// What the platform says of a message.
#[derive(Deserialize)]
pub struct Said {
    /// Its id.
    pub message_id: MessageKey,
    /// The topic that it stands in.
    #[serde(default)]
    pub thread_id: Option<String>,
}

/// Where a piece goes.
#[derive(Clone)]
enum To {
    Open(Addressee),
    Reply { to: MessageKey, in_topic: bool, among: Addressee },
}

/// See [`bridge_api::Connector::send`].
pub async fn send(feishu: &Feishu, outgoing: &Outgoing) -> Result<Sent, Failure> {
    behind(feishu, outgoing, 0).await
}

/// Sends the messages that something to say becomes, from the `first` one on.
pub async fn behind(feishu: &Feishu, outgoing: &Outgoing, first: usize) -> Result<Sent, Failure> {
    let among = addressee(&outgoing.conversation)?;
    let pieces = pieces(&outgoing.speaker, &outgoing.content)?;
    let mut to = target(feishu, outgoing, &among).await?;
    let mut sent = Sent { messages: Vec::new(), thread: None };
    for (index, piece) in pieces.iter().enumerate().skip(first) {
        let said = once(feishu, &outgoing.key.part(index), piece, &to).await?;
        let id = id_of(MessageId::new(said.message_id.as_str()))?;
        let topic = said.thread_id.as_deref().and_then(TopicId::parse);
        if let Some(topic) = topic.as_ref().filter(|_| sent.thread.is_none()) {
            sent.thread = Some(id_of(ThreadId::new(topic.as_str()))?);
            // Answers to it are wanted even if none comes while the line is up.
            if let Addressee::Chat(chat) = &among {
                let now_ms = feishu.clock.now_ms();
                feishu.topics.note(&*feishu.shelf, chat.clone(), topic.clone(), now_ms).await?;
            }
        }
        if let Content::Card(card) = &outgoing.content {
            // A change that was made before this one and comes after it is known for an older one.
            Remembered::Revision(id.as_str()).put(&*feishu.shelf, &card.revision.to_string()).await?;
        }
        sent.messages.push(id);
        // An answer is one message; what follows stands behind it, in a topic inside of it.
        to = match to {
            To::Reply { in_topic: true, to, among } => To::Reply { to, in_topic: true, among },
            To::Reply { .. } | To::Open(_) => To::Open(among.clone()),
        };
    }
    Ok(sent)
}

/// The messages that something to say becomes.
pub fn pieces(speaker: &Speaker, content: &Content) -> Result<Vec<Piece>, Failure> {
    let post = |content: String| Piece { kind: "post", content };
    let words = |text: &RichText| post_sent::posts(speaker, text).into_iter().map(post).collect();
    Ok(match content {
        Content::Text(text) => words(text),
        Content::Card(card) => vec![Piece { kind: "interactive", content: cards::json(card, speaker) }],
        Content::File(file) => {
            let (form, key) = file.media.as_str().split_once(':').unwrap_or_default();
            if file.kind == FileKind::Image && form == "image" {
                let key = ImageKey::parse(key).ok_or_else(|| Failure::refused(Refusal::Impossible))?;
                return Ok(vec![match speaker.name.is_empty() {
                    true => {
                        Piece { kind: "image", content: json!({ "image_key": key.as_str() }).to_string() }
                    }
                    false => post(post_sent::picture(speaker, key.as_str())),
                }]);
            }
            let key = FileKey::parse(key).ok_or_else(|| Failure::refused(Refusal::Impossible))?;
            let kind = match form {
                "audio" => "audio",
                "media" => "media",
                "file" => "file",
                _ => return Err(Failure::refused(Refusal::Impossible)),
            };
            let name = (!speaker.name.is_empty()).then(|| post(post_sent::name_line(speaker)));
            let file = Piece { kind, content: json!({ "file_key": key.as_str() }).to_string() };
            name.into_iter().chain([file]).collect()
        }
        Content::Location { .. } | Content::Sticker { .. } | Content::Unsupported { .. } => {
            words(&RichText::plain(&content.to_plain()))
        }
    })
}

/// Where the first message goes: behind others, under the one that it answers, or into a topic.
async fn target(feishu: &Feishu, outgoing: &Outgoing, among: &Addressee) -> Result<To, Failure> {
    let answered = outgoing.reply_to.as_ref().map(message).transpose()?;
    let reply = |to, in_topic| To::Reply { to, in_topic, among: among.clone() };
    let Some(thread) = &outgoing.thread else {
        return Ok(answered.map_or_else(|| To::Open(among.clone()), |to| reply(to, false)));
    };
    if let Some(to) = answered {
        return Ok(reply(to, true));
    }
    // A topic named by a message begins at it.
    if let Some(to) = MessageKey::parse(thread.as_str()) {
        return Ok(reply(to, true));
    }
    let topic = TopicId::parse(thread.as_str()).ok_or_else(|| Failure::refused(Refusal::Gone))?;
    Ok(reply(message_of_topic(feishu, &topic).await?, true))
}

#[derive(Deserialize)]
struct Items {
    #[serde(default)]
    items: Vec<Said>,
}

/// A message of a topic: what replies to it goes into the topic.
async fn message_of_topic(feishu: &Feishu, topic: &TopicId) -> Result<MessageKey, Failure> {
    let remembered = Remembered::Topic(topic.as_str());
    if let Some(known) = remembered.get(&*feishu.shelf).await?.as_deref().and_then(MessageKey::parse) {
        return Ok(known);
    }
    let call = Call::get(&["im", "v1", "messages"])
        .with("container_id_type", "thread")
        .with("container_id", topic.as_str())
        .with("sort_type", "ByCreateTimeAsc")
        .with("page_size", "1");
    let found: Items = feishu.client.data(call).await?;
    let first = found.items.into_iter().next().ok_or_else(|| Failure::refused(Refusal::Gone))?.message_id;
    remembered.put(&*feishu.shelf, first.as_str()).await?;
    Ok(first)
}

/// Sends one message, unless a message was sent with this key before.
async fn once(feishu: &Feishu, key: &str, piece: &Piece, to: &To) -> Result<Said, Failure> {
    let remembered = Remembered::Sent(key);
    if let Some(known) = remembered.get(&*feishu.shelf).await? {
        let (id, topic) = known.split_once(' ').unwrap_or((&known, ""));
        if let Some(message_id) = MessageKey::parse(id) {
            return Ok(Said { message_id, thread_id: Some(topic.to_owned()) });
        }
    }
    let said = match request(feishu, key, piece, to).await {
        // What it answers is gone, or takes no answers: what was said is said all the same.
        Err(error) if matches!(to, To::Reply { .. }) && is_no_target(&error) => {
            let To::Reply { among, .. } = to else { return Err(error.into()) };
            request(feishu, key, piece, &To::Open(among.clone())).await?
        }
        outcome => outcome?,
    };
    let topic = said.thread_id.as_deref().unwrap_or_default();
    remembered.put(&*feishu.shelf, format!("{} {topic}", said.message_id).trim_end()).await?;
    Ok(said)
}

fn is_no_target(error: &CallError) -> bool {
    error.is_one_of(&named::REPLY_TARGET_GONE) || error.is_one_of(&named::REPLY_NOT_TAKEN)
}

async fn request(feishu: &Feishu, key: &str, piece: &Piece, to: &To) -> Result<Said, CallError> {
    let mut body = json!({ "msg_type": piece.kind, "content": piece.content, "uuid": key });
    let call = match to {
        To::Open(addressee) => {
            body["receive_id"] = json!(addressee.as_str());
            let call = Call::post(&["im", "v1", "messages"], &body);
            call.with("receive_id_type", addressee.kind()).to(addressee)
        }
        To::Reply { to, in_topic, among } => {
            body["reply_in_thread"] = json!(in_topic);
            Call::post(&["im", "v1", "messages", to.as_str(), "reply"], &body).to(among)
        }
    };
    feishu.client.data(call).await
}

#[cfg(test)]
mod tests {
    use bridge_api::{File, MediaId};

    use super::*;

    fn file(kind: FileKind, media: &str) -> Content {
        let media = MediaId::new(media).expect("an id");
        Content::File(File::new(kind, "a", media))
    }

    #[test]
    fn each_kind_of_content_has_its_messages() {
        let (ann, nobody) = (Speaker { name: "Ann".into(), person: None }, Speaker::default());
        let place = Content::Location { name: "gate".into(), latitude: 1.5, longitude: 2.5 };
        let table = [
            (&ann, Content::Text(RichText::plain("hi")), vec!["post"]),
            (&ann, file(FileKind::Image, "image:img_1"), vec!["post"]),
            (&nobody, file(FileKind::Image, "image:img_1"), vec!["image"]),
            (&ann, file(FileKind::Image, "file:file_1"), vec!["post", "file"]),
            (&ann, file(FileKind::Voice, "audio:file_1"), vec!["post", "audio"]),
            (&nobody, file(FileKind::Video, "media:file_1"), vec!["media"]),
            (&ann, Content::Card(bridge_api::Card::default()), vec!["interactive"]),
            (&ann, place, vec!["post"]),
            (&ann, Content::Sticker { media: None, name: "wave".into() }, vec!["post"]),
        ];
        for (speaker, content, expected) in table {
            let kinds: Vec<_> =
                pieces(speaker, &content).expect("pieces").iter().map(|piece| piece.kind).collect();
            assert_eq!(kinds, expected, "{content:?}");
        }
        for media in ["image:../x", "mxc://a/b", "nothing"] {
            assert!(pieces(&nobody, &file(FileKind::File, media)).is_err(), "{media}");
        }
    }
}
