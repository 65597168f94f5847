//! Where the index lies, and whether what lies there can be used.

use std::path::PathBuf;

use model::{RoomNum, StreamPos};
use serde::{Deserialize, Serialize};
use tantivy::{Directory, directory::MmapDirectory, schema::Schema};

use super::schema::SCHEMA_NUMBER;
use crate::{
    SearchError,
    text::{Segmenter, TOKENIZER_NAME, WordsTokenizer},
};

/// Where the index is kept.
#[derive(Clone, Debug)]
pub enum Place {
    /// In memory, gone with the process.
    Memory,
    /// In files of this folder, which belongs to the index alone.
    Folder(PathBuf),
}

/// How far an index has come. Written with every commit of the index, so it is never ahead of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    schema: u32,
    /// Everything up to here is in the index.
    pub position: StreamPos,
    /// The index is being made from the rooms: those up to this one are done.
    pub filling: Option<Option<RoomNum>>,
}

impl Mark {
    /// The mark of an index whose filling begins at this moment of the stream.
    pub(crate) fn filling(position: StreamPos, done: Option<RoomNum>) -> Self {
        Self { schema: SCHEMA_NUMBER, position, filling: Some(done) }
    }

    /// The mark of a full index.
    pub(crate) fn full(position: StreamPos) -> Self {
        Self { schema: SCHEMA_NUMBER, position, filling: None }
    }

    /// Nothing was ever indexed.
    pub(crate) fn is_new(&self) -> bool {
        self.position == StreamPos::ZERO
    }
}

pub(super) struct Files(tantivy::Index);

impl Files {
    /// Opens what is there, or makes it new.
    pub(super) fn open(place: &Place, schema: Schema, segmenter: &Segmenter) -> Result<Self, SearchError> {
        let index = match place {
            Place::Memory => tantivy::Index::create_in_ram(schema),
            Place::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                match usable(folder, &schema) {
                    Ok(index) => index,
                    Err(reason) => {
                        tracing::info!(folder = %folder.display(), reason, "search index is made anew");
                        std::fs::remove_dir_all(folder)?;
                        std::fs::create_dir_all(folder)?;
                        tantivy::Index::create_in_dir(folder, schema)?
                    }
                }
            }
        };
        index.tokenizers().register(TOKENIZER_NAME, WordsTokenizer(segmenter.clone()));
        Ok(Self(index))
    }

    pub(super) fn index(&self) -> &tantivy::Index {
        &self.0
    }

    /// The mark of the last commit; that of a new index when there was none.
    pub(super) fn mark(&self) -> Result<Mark, SearchError> {
        Ok(mark_of(&self.0)?.unwrap_or_else(|| Mark::full(StreamPos::ZERO)))
    }
}

/// The index of a folder, or why it cannot be used.
fn usable(folder: &std::path::Path, schema: &Schema) -> Result<tantivy::Index, String> {
    let directory = MmapDirectory::open(folder).map_err(|error| error.to_string())?;
    let directory: Box<dyn Directory> = Box::new(directory);
    if !tantivy::Index::exists(&*directory).map_err(|error| error.to_string())? {
        return Err("there is none".to_owned());
    }
    let index = tantivy::Index::open(directory).map_err(|error| error.to_string())?;
    if index.schema() != *schema {
        return Err("its fields are of another version".to_owned());
    }
    match mark_of(&index) {
        Ok(Some(mark)) if mark.schema == SCHEMA_NUMBER => Ok(index),
        Ok(Some(_)) => Err("its words are of another version".to_owned()),
        Ok(None) => Err("it was never filled".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn mark_of(index: &tantivy::Index) -> Result<Option<Mark>, SearchError> {
    let payload = index.load_metas()?.payload;
    // An unreadable mark is one of another version.
    Ok(payload.and_then(|payload| serde_json::from_str(&payload).ok()))
}
