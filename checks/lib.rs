//! What can be wrong with a gateway.
