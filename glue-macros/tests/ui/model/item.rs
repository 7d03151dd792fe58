use std::borrow::Cow;

#[glue::model]
pub struct Borrowed<'a> {
    text: Cow<'a, str>,
}

#[glue::model]
#[derive(Clone, Serialize, ts_rs::TS)]
pub struct Twice;

fn main() {}
