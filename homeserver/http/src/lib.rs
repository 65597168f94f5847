//! The wire: Matrix requests in, one domain call, Matrix responses out.
