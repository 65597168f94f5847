//! Files: those of people, fetched and unlocked, and those of letters, sent as the room of the letter needs them.
//!
//! In an encrypted room a file is bytes that its message has the key of. A letter goes in any case: where its file cannot,
//! words say so.

use std::fmt;

use bytes::Bytes;
use model::StreamPos;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{Scan, StoreError};

use crate::{
    CallError, Intent, Kit,
    crypto::{CryptoFault, locked, unlocked},
    delivery::Undelivered,
    letter::{Letter, Parcel, To},
    limits::FILE_BYTES_MAX,
    notice,
    tables::PIECES,
    texts::Lang,
};

/// What unlocks a file of an encrypted room: key, counter and hash, as its message has them. Never shown in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lock(Value);
store::record!(Lock);

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lock(…)")
    }
}

/// Where a file of somebody is, and what unlocks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSource {
    /// The address of its bytes, `mxc://…`.
    pub mxc: String,
    /// What unlocks them; none for a file in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
}

impl FileSource {
    /// The file of a message, by its content; none where there is none.
    /// [Specification](https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments)
    #[must_use]
    pub fn of(content: &Value) -> Option<Self> {
        if let Some(mxc) = content["url"].as_str() {
            return Some(Self { mxc: mxc.to_owned(), lock: None });
        }
        let mut file = content["file"].clone();
        let url = file.as_object_mut()?.remove("url")?;
        Some(Self { mxc: url.as_str()?.to_owned(), lock: Some(Lock(file)) })
    }
}

/// Why a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The homeserver refuses or cannot be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It is not the file that its message is about: its hash is another one, or its key is none.
    #[error("the file is not as it was sent: {0}")]
    Unlike(String),
}

/// What a letter has of a file.
pub(crate) enum Carried {
    /// Nothing.
    Nothing,
    /// These keys of its content.
    File(Map<String, Value>),
    /// This instead of its content: the file cannot go.
    Words(Value),
}

/// Why a file does not go.
enum Stays {
    /// It never will; the key of the words for it.
    Never(&'static str),
    Undelivered(Undelivered),
}

impl From<Undelivered> for Stays {
    fn from(error: Undelivered) -> Self {
        Self::Undelivered(error)
    }
}

impl From<CryptoFault> for Stays {
    fn from(fault: CryptoFault) -> Self {
        Self::Undelivered(fault.into())
    }
}

impl From<FetchError> for Stays {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Unlike(_) => Self::Never("file.unlike"),
            FetchError::Call(error) if error.is("M_TOO_LARGE") => Self::Never("file.too_large"),
            FetchError::Call(CallError::Refused { .. }) => Self::Never("file.gone"),
            FetchError::Call(error) => Self::Undelivered(error.into()),
        }
    }
}

impl Kit {
    /// The bytes of somebody's file as they meant them, at most [`crate::limits::DOWNLOAD_BYTES_MAX`]: downloaded as `bot`, and
    /// unlocked where they are locked.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn fetch(&self, bot: &str, source: &FileSource) -> Result<Bytes, FetchError> {
        match self.intent(bot) {
            Some(intent) => fetched(&intent, source).await,
            None => Err(FetchError::Call(CallError::Unreachable(format!("no bot is called {bot:?}")))),
        }
    }

    /// Uploads the file of a letter for its room, where it has one.
    pub(crate) async fn carried(
        &self,
        intent: &Intent,
        letter: &Letter,
        is_encrypted: bool,
    ) -> Result<Carried, Undelivered> {
        let said = |key: &str| letter.content[key].as_str().unwrap_or_default();
        let (name, sent) = match (&letter.attachment, &letter.forwards) {
            (Some(file), _) => {
                let bytes = Bytes::from(file.bytes.clone());
                let of = (file.name.as_str(), file.mimetype.as_str());
                (file.name.as_str(), uploaded(intent, of, bytes, is_encrypted).await)
            }
            (None, Some(source)) => {
                let name = if said("filename").is_empty() { said("body") } else { said("filename") };
                let mimetype = letter.content["info"]["mimetype"].as_str().filter(|kind| !kind.is_empty());
                let of = (name, mimetype.unwrap_or("application/octet-stream"));
                (name, self.passed_on(intent, of, source, is_encrypted).await)
            }
            (None, None) => return Ok(Carried::Nothing),
        };
        match sent {
            Ok(keys) => Ok(Carried::File(keys)),
            Err(Stays::Never(cause)) => Ok(Carried::Words(self.without_file(letter, name, cause).await?)),
            Err(Stays::Undelivered(error)) => Err(error),
        }
    }

    /// The file of somebody else: as it is where that is how the room needs it, else uploaded anew.
    async fn passed_on(
        &self,
        intent: &Intent,
        (name, mimetype): (&str, &str),
        source: &FileSource,
        is_encrypted: bool,
    ) -> Result<Map<String, Value>, Stays> {
        match (&source.lock, is_encrypted) {
            (None, false) => Ok(Map::from_iter([("url".to_owned(), json!(source.mxc))])),
            (Some(Lock(file)), true) => {
                let mut file = file.clone();
                file["url"] = json!(source.mxc);
                Ok(Map::from_iter([("file".to_owned(), file)]))
            }
            (Some(_), false) | (None, true) => {
                // Lanes are many, and each file may be as large as a download.
                let _turn = self.0.passing.lock().await;
                let bytes = fetched(intent, source).await?;
                uploaded(intent, (name, mimetype), bytes, is_encrypted).await
            }
        }
    }

    /// A parcel with all of its letter's file in it; with words where that is too large.
    pub(crate) async fn unpacked(&self, place: StreamPos, parcel: Parcel) -> Result<Parcel, Undelivered> {
        let Parcel::Laden { mut letter, bytes } = parcel else { return Ok(parcel) };
        match letter.attachment.take() {
            Some(mut file) if bytes <= FILE_BYTES_MAX => {
                file.bytes.reserve_exact(bytes);
                for (_, piece) in self.0.store.scan(&PIECES, Scan::prefix(&place)).await? {
                    file.bytes.extend_from_slice(&piece);
                }
                letter.attachment = Some(file);
            }
            Some(file) => letter.content = self.without_file(&letter, &file.name, "file.too_large").await?,
            None => {}
        }
        Ok(Parcel::Letter(letter))
    }

    /// The names of what stands beside a parcel and ends with it.
    pub(crate) async fn pieces(
        &self,
        place: StreamPos,
        parcel: &Parcel,
    ) -> Result<Vec<(StreamPos, u32)>, StoreError> {
        match parcel {
            Parcel::Letter(letter) if letter.attachment.is_some() => {
                self.0.store.scan_keys(&PIECES, Scan::prefix(&place)).await
            }
            Parcel::Letter(_) | Parcel::Join { .. } | Parcel::Leave { .. } | Parcel::Laden { .. } => {
                Ok(Vec::new())
            }
        }
    }

    /// What is said instead of a file that cannot go.
    async fn without_file(&self, letter: &Letter, name: &str, cause: &str) -> Result<Value, Undelivered> {
        let lang = self.language_of_letter(letter).await?;
        tracing::warn!(key = letter.key, cause, "the file of a letter cannot go");
        let cause = self.texts().fill(lang, cause, &[]);
        Ok(notice(&self.texts().fill(lang, "file.unsent", &[("name", name), ("cause", &cause)])))
    }
}

impl Kit {
    /// The language of whoever reads a letter.
    pub(crate) async fn language_of_letter(&self, letter: &Letter) -> Result<Lang, StoreError> {
        match &letter.to {
            To::Direct(user) => self.language(None, Some(user)).await,
            To::Room(room) => self.language(Some(room), None).await,
            To::Place(_) => self.language(None, None).await,
        }
    }
}

async fn fetched(intent: &Intent, source: &FileSource) -> Result<Bytes, FetchError> {
    let bytes = intent.download(&source.mxc).await?;
    match source.lock.clone() {
        None => Ok(bytes),
        Some(Lock(file)) => apart(move || unlocked(&bytes, &file)).await?.map_err(FetchError::Unlike),
    }
}

/// Uploads bytes for a room; the keys that name them.
async fn uploaded(
    intent: &Intent,
    (name, mimetype): (&str, &str),
    bytes: Bytes,
    is_encrypted: bool,
) -> Result<Map<String, Value>, Stays> {
    let refused = |error: CallError| match error {
        CallError::Refused { status: 413, .. } => Stays::Never("file.too_large"),
        error if error.is("M_TOO_LARGE") => Stays::Never("file.too_large"),
        CallError::Refused { .. } => Stays::Never("file.not_taken"),
        error => Stays::Undelivered(error.into()),
    };
    let info = json!({ "mimetype": mimetype, "size": bytes.len() });
    let (key, at) = if is_encrypted {
        let (bytes, mut file) =
            apart(move || locked(&bytes)).await.map_err(|error| Stays::Undelivered(error.into()))??;
        // The homeserver learns neither the name nor the type.
        let url = intent.upload(None, "application/octet-stream", bytes).await.map_err(refused)?;
        file["url"] = json!(url);
        ("file", file)
    } else {
        ("url", json!(intent.upload(Some(name), mimetype, bytes).await.map_err(refused)?))
    };
    Ok(Map::from_iter([
        (key.to_owned(), at),
        ("filename".to_owned(), json!(name)),
        ("info".to_owned(), info),
    ]))
}

/// Does what takes the processor a while where it holds nobody up.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CallError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| CallError::Unreachable(format!("a file is not read to its end: {error}")))
}
