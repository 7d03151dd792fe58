//! chat.

fn main() {}
