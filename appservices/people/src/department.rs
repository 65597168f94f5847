//! What a staff list says of a department itself: its code, and who is to find it.

use serde::{Deserialize, Serialize};

/// Who finds a department, and may come into its space without being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepartmentVisibility {
    /// Everybody here finds it, and comes in.
    Public,
    /// Everybody here finds it; whoever is in the space above comes in.
    #[default]
    Internal,
    /// Its own people find it, those who head something above it, and those who may change the organisation. Nobody comes in
    /// without being asked.
    Hidden,
}

impl DepartmentVisibility {
    /// The visibility of this word of a staff list.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "公开" | "public" => Self::Public,
            "内部" | "internal" => Self::Internal,
            "保密" | "隐藏" | "hidden" => Self::Hidden,
            _ => return None,
        })
    }
}

/// What a staff list says of a department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentNote {
    /// Its code at the organisation; empty where it has none.
    #[serde(default)]
    pub code: String,
    /// Who finds it.
    #[serde(default)]
    pub visibility: DepartmentVisibility,
}
