//! Numbers behind a command.

use super::limits::MAX_ID;

/// Reads a number: digits without sign and leading zeros, up to the largest integer that every peer represents exactly.
pub(crate) fn decode(digits: &str) -> Option<u64> {
    let is_shortest = digits == "0" || !digits.starts_with('0');
    if !is_shortest || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|&number| number <= MAX_ID)
}

#[cfg(test)]
mod tests {
    use super::*;

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
