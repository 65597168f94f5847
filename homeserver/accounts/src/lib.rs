//! Users, devices, tokens, user-interactive auth, profiles, account data, filters.
