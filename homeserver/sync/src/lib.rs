//! Assembles `/sync` answers from the streams; owns no truth.
