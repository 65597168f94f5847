//! Search over message content, names and topics, and the user directory.
