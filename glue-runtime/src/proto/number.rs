//! Numbers behind a command.

use super::limits::MAX_ID;

/// Reads a number: digits without sign and leading zeros, up to the largest integer that every peer represents exactly.
pub(crate) fn decode(digits: &str) -> Option<u64> {
    split(digits)
        .filter(|(_, rest)| rest.is_empty())
        .map(|(number, _)| number)
}

/// Reads the number that `text` begins with, in that form, and returns what stands behind it; `None` if there is none.
///
/// By hand, as numbers are in front of every message and call: it takes a third of what a search for their end and
/// [`str::parse`] take.
pub(crate) fn split(text: &str) -> Option<(u64, &str)> {
    let bytes = text.as_bytes();
    let mut number = 0;
    let mut length = 0;
    while let Some(digit) = bytes.get(length).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
        && length < MAX_DIGITS
    {
        number = number * 10 + u64::from(digit);
        length += 1;
    }
    let is_shortest = length == 1 || bytes.first() != Some(&b'0');
    if length == 0 || !is_shortest || number > MAX_ID {
        return None;
    }
    let rest = text.get(length..)?;
    // A digit more makes it too large.
    (!rest.as_bytes().first().is_some_and(u8::is_ascii_digit)).then_some((number, rest))
}

/// Writes a number, digit by digit: as numbers are short, that takes less than to check as a text what was written elsewhere.
pub(crate) fn push(out: &mut String, number: u64) {
    if number >= 10 {
        push(out, number / 10);
    }
    #[allow(clippy::cast_possible_truncation)] // one digit
    out.push(char::from(b'0' + (number % 10) as u8));
}

/// Digits of the largest number.
const MAX_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_number_in_front_is_split_off() {
        assert_eq!(split("0"), Some((0, "")));
        assert_eq!(split("17&é"), Some((17, "&é")));
        assert_eq!(split("9007199254740991;"), Some((MAX_ID, ";")));
        for nonsense in [
            "",
            "&",
            "é",
            "01",
            "00",
            "-1",
            "9007199254740992",
            "99999999999999999",
        ] {
            assert_eq!(split(nonsense), None, "{nonsense:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_split_off_as_it_is_read(text in "[0-9]{0,18}[&;a0-9]{0,2}") {
            let length = text.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = text.split_at(length);
            let is_shortest = digits == "0" || !digits.starts_with('0');
            let expected = digits.parse().ok().filter(|&number| is_shortest && number <= MAX_ID);

            prop_assert_eq!(split(&text), expected.map(|number| (number, rest)));
        }

        #[test]
        fn a_number_is_written_as_it_is_shown(number: u64, shift in 0..64_u32) {
            let number = number >> shift;
            let mut out = String::from("a");

            push(&mut out, number);

            prop_assert_eq!(out, format!("a{number}"));
        }
    }

    /// [U-5]
    #[test]
    fn a_number_is_read_in_one_form_only() {
        assert_eq!(decode("0"), Some(0));
        assert_eq!(decode("9007199254740991"), Some(MAX_ID));
        for nonsense in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1&",
            "٣",
            "9007199254740992",
            "1e3",
        ] {
            assert_eq!(decode(nonsense), None, "{nonsense:?}");
        }
    }
}
