//! The law in tables, and conversations on the stage.
