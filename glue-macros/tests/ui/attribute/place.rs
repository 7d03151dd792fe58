#[glue::channel]
pub struct Chat;

#[glue::model]
pub fn message() {}

#[glue::model]
pub union Message {
    _text: u8,
}

fn main() {
    message();
}
