//! The `lianqiao` binary: reads the configuration, plugs the parts together, starts and stops them.
