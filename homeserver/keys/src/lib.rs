//! To-device queues, device-list changes and one-time-key counts.
