//! gw-doctor.
fn main() {}
