//! What administrators read: the audit stream, reports, and long tasks that survive a restart.
