//! Reading and writing the little JSON there is, at no cost to speak of.

/// Appends a decimal number.
pub(crate) fn number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends two numbers, as the arguments of an `add`.
pub(crate) fn pair(a: u32, b: u32, out: &mut Vec<u8>) {
    number(a, out);
    out.push(b',');
    number(b, out);
}

/// Appends a text that has nothing in it that must be escaped.
pub(crate) fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Takes the decimal number with which a text begins; returns it and the rest.
pub(crate) fn take_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let number = str::from_utf8(number).ok()?.parse().ok()?;
    Some((number, rest))
}

/// Takes what stands between two texts.
pub(crate) fn between<'a>(text: &'a [u8], start: &str, end: &str) -> Option<&'a [u8]> {
    text.strip_prefix(start.as_bytes())?.strip_suffix(end.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_from_the_front() {
        assert_eq!(take_number(b"17&3"), Some((17, &b"&3"[..])));
        assert_eq!(take_number(b"x"), None);
        assert_eq!(take_number(b"99999999999999999999"), None);
    }

    #[test]
    fn both_ends_must_be_there() {
        assert_eq!(between(b"{1}", "{", "}"), Some(&b"1"[..]));
        assert_eq!(between(b"{1", "{", "}"), None);
    }
}
