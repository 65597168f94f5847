//! E-mail over SMTP: composing and sending, nothing about who gets one.
