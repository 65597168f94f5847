//! Pure Matrix law over ruma: authorisation, state resolution, redaction, visibility, push rules.
